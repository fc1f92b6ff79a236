public import Base
internal import Glibc
public import JWT

/// Reads settings from the environment and collects the problems, so that all are reported at once.
///
/// A problem's text never contains a value, since any value could be a secret in the wrong variable.
public struct SettingsReader {
    private let environment: [String: String]
    /// The problems found, one sentence each.
    public private(set) var problems: [String] = []

    /// Creates a reader of an environment, by default the process's own.
    public init(_ environment: [String: String] = Environment.variables()) {
        self.environment = environment
    }

    /// Adds a problem, in one sentence.
    public mutating func problem(_ text: String) {
        problems.append(text)
    }

    /// Throws all problems, if there are any.
    public func check() throws(Failure) {
        guard problems.isEmpty else { throw Failure(problems) }
    }

    // MARK: Kinds of settings

    /// A text; an empty value counts as not set, since templates leave unset variables empty.
    public func text(_ name: String) -> String? {
        guard let value = environment[name], !value.isEmpty else { return nil }
        return value
    }

    /// A text that may be in a file: the one named by the variable with the suffix `_FILE`, or a systemd credential of
    /// the setting's name.
    public mutating func textOrFile(_ name: String) -> String? {
        guard let path = text(name + "_FILE") else { return text(name) ?? credential(name) }
        if text(name) != nil { problem("\(name) and \(name)_FILE are both set: keep one") }
        do {
            let text = try TextFile.read(path)
            if !text.isEmpty { return text }
            // Not the same as not set: libpq would use its defaults for an empty URL.
            problem("\(name)_FILE: the file is empty")
        } catch {
            problem("\(name)_FILE: \(error)")
        }
        return nil
    }

    /// The credential that the unit's `LoadCredential=` provides; an empty one represents a file that does not exist.
    private func credential(_ name: String) -> String? {
        guard let folder = text("CREDENTIALS_DIRECTORY"), let text = try? TextFile.read("\(folder)/\(name)") else {
            return nil
        }
        return text.isEmpty ? nil : text
    }

    /// A shared secret, in the environment or in a file.
    public mutating func secret(_ name: String, isRequired: Bool) -> SharedSecret? {
        let known = problems.count
        guard let text = textOrFile(name) else {
            if isRequired, problems.count == known {
                problem(
                    "\(name) is not set: a secret of at least \(SharedSecret.minimumBytes) bytes, such as openssl rand -base64 48 makes"
                )
            }
            return nil
        }
        do throws(KeySetError) {
            let secret = try SharedSecret(text)
            if Set(text.utf8).count >= 8 { return secret }
            problem("\(name) is weak: it repeats a few characters; openssl rand -base64 48 makes a good one")
        } catch {
            problem("\(name): \(error)")
        }
        return nil
    }

    /// A whole number within bounds.
    public mutating func integer(_ name: String, default fallback: Int, in bounds: ClosedRange<Int>) -> Int {
        guard let text = text(name) else { return fallback }
        guard let number = Int(text), bounds.contains(number) else {
            problem("\(name) must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
            return fallback
        }
        return number
    }

    /// Seconds, fractions allowed, as nanoseconds.
    public mutating func seconds(_ name: String, default fallback: Double, in bounds: ClosedRange<Double>) -> UInt64 {
        var value = fallback
        if let text = text(name) {
            if let number = Double(text), bounds.contains(number) {
                value = number
            } else {
                problem("\(name) must be a number of seconds from \(bounds.lowerBound) to \(bounds.upperBound)")
            }
        }
        return UInt64(value * 1_000_000_000)
    }

    /// One of a few words.
    public mutating func choice<Value>(_ name: String, default fallback: Value, _ words: KeyValuePairs<String, Value>)
        -> Value
    {
        guard let text = text(name) else { return fallback }
        if let word = words.first(where: { $0.key == text }) { return word.value }
        problem("\(name) must be one of: \(words.map(\.key).joined(separator: ", "))")
        return fallback
    }

    /// Items separated by commas, trimmed of spaces.
    public func list(_ name: String) -> [String] {
        (text(name) ?? "").split(separator: ",").map { item in
            let start = item.drop { $0 == " " }
            return String(start.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }
}
