import JWKS
import JWT
import Logging

/// What happens to the issuer's keys, each thing once: an issuer that is down for hours writes one line, not a thousand.
struct IssuerKeysLog {
    private let source: KeySource
    private let logger: Logger

    init(_ source: KeySource, _ logger: Logger) {
        self.source = source
        self.logger = logger
    }

    /// For `IssuerKeys.observe`.
    func observer() -> (IssuerKeys.Observation) -> Void {
        var lastFailure: KeySourceError?
        var lastSaveFailure: String?
        var refused: [JWK.Refusal] = []
        func tell(of set: JWKSet) {
            for refusal in set.refusals where !refused.contains(refusal) {
                logger.warning("key refused", metadata: ["source": "\(source)", "reason": "\(refusal)"])
            }
            refused = set.refusals
        }
        return { [source, logger] observation in
            switch observation {
            case .restored(let set, let age):
                logger.notice(
                    "keys of an earlier run", metadata: ["keys": "\(set.keyNames)", "age_s": "\(age)"])
                tell(of: set)
            case .changed(let set):
                logger.notice("keys", metadata: ["source": "\(source)", "keys": "\(set.keyNames)"])
                tell(of: set)
            case .recovered:
                logger.notice("keys can be read again", metadata: ["source": "\(source)"])
                lastFailure = nil
            case .failed(let error):
                guard error != lastFailure else { return }
                lastFailure = error
                logger.error("keys not read", metadata: ["source": "\(source)", "reason": "\(error)"])
            case .notRestored(let error):
                logger.warning("keys of an earlier run not used", metadata: ["reason": "\(error)"])
            case .notKept(let error):
                guard "\(error)" != lastSaveFailure else { return }
                lastSaveFailure = "\(error)"
                logger.warning("keys not kept on disk", metadata: ["reason": "\(error)"])
            }
        }
    }
}

extension JWKSet {
    /// Names and algorithms on one line.
    var keyNames: String {
        keys.map { key in
            "\(key.keyID?.debugDescription ?? "without kid") \(key.algorithms.map(\.description).joined(separator: "/"))"
        }.joined(separator: ", ")
    }
}
