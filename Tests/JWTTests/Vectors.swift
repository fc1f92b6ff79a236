import Foundation

/// The test groups of a file of C2SP/wycheproof, read where it lies beside the project; nil when it is not there.
func wycheproof(_ name: String) throws -> [[String: Any]]? {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let url = root.appendingPathComponent("../shared/vectors/wycheproof/\(name)")
    guard let data = try? Data(contentsOf: url) else {
        print("wycheproof \(name): not on this machine, no case was run")
        return nil
    }
    let file = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return file?["testGroups"] as? [[String: Any]]
}
