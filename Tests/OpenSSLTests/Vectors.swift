import Foundation
import Testing

/// A file of C2SP/wycheproof, read from beside the project; nil when this machine does not have it.
func wycheproof<File: Decodable>(_ name: String, as type: File.Type) throws -> File? {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let url = root.appendingPathComponent("../shared/vectors/wycheproof/\(name)")
    guard let data = try? Data(contentsOf: url) else {
        print("wycheproof \(name): not on this machine, no case was run")
        return nil
    }
    return try JSONDecoder().decode(File.self, from: data)
}

/// The bytes of a text of hexadecimal digits.
func bytes(hex: String) -> [UInt8] {
    let digits = hex.map { UInt8($0.hexDigitValue ?? 0) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
