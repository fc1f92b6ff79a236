import JWKS
import JWT
import Logging

/// Logs the events of the issuer's keys, each failure once: an issuer that is down for hours causes one line.
struct IssuerKeysLog {
    private let source: KeySource
    private let logger: Logger

    init(_ source: KeySource, _ logger: Logger) {
        self.source = source
        self.logger = logger
    }

    /// The closure for `IssuerKeys.observe`.
    func observer() -> (IssuerKeys.Observation) -> Void {
        var lastFailure: KeySourceError?
        var lastSaveFailure: String?
        var refused: [JWK.Refusal] = []
        func logRefusals(of set: JWKSet) {
            for refusal in set.refusals where !refused.contains(refusal) {
                logger.warning("key refused", metadata: ["source": "\(source)", "reason": "\(refusal)"])
            }
            refused = set.refusals
        }
        return { [source, logger] observation in
            switch observation {
            case .restored(let set, let age):
                logger.notice("using cached JWKS", metadata: ["keys": "\(set.keyNames)", "age_s": "\(age)"])
                logRefusals(of: set)
            case .changed(let set):
                logger.notice("JWKS changed", metadata: ["source": "\(source)", "keys": "\(set.keyNames)"])
                logRefusals(of: set)
            case .recovered:
                logger.notice("JWKS refresh recovered", metadata: ["source": "\(source)"])
                lastFailure = nil
            case .failed(let error):
                guard error != lastFailure else { return }
                lastFailure = error
                logger.error("JWKS refresh failed", metadata: ["source": "\(source)", "reason": "\(error)"])
            case .notRestored(let error):
                logger.warning("cached JWKS not usable", metadata: ["reason": "\(error)"])
            case .notKept(let error):
                guard "\(error)" != lastSaveFailure else { return }
                lastSaveFailure = "\(error)"
                logger.warning("JWKS not cached on disk", metadata: ["reason": "\(error)"])
            }
        }
    }
}

extension JWKSet {
    /// The `kid` and algorithms of all keys on one line.
    var keyNames: String {
        keys.map { key in
            "\(key.keyID?.debugDescription ?? "without kid") \(key.algorithms.map(\.description).joined(separator: "/"))"
        }.joined(separator: ", ")
    }
}
