internal import Base
internal import JSON
internal import OpenSSL

/// Signs HS256 tokens for development and tests; this service issues none to its users.
public enum SharedSecretSigner {
    /// Creates a token for a user, in compact serialisation.
    ///
    /// - Parameter issuedAt: seconds since 1970.
    /// - Parameter expiresIn: seconds the token is valid for.
    public static func mint(
        userID: String, issuedAt: Int64, expiresIn: Int64, secret: SharedSecret
    ) throws(KeySetError) -> String {
        var claims = ByteWriter(capacity: 256)
        claims.append("{\"sub\":")
        claims.appendJSONString(userID)
        claims.append(",\"iat\":\(issuedAt),\"exp\":\(issuedAt + expiresIn)}" as String)
        return try sign(header: #"{"alg":"HS256","typ":"JWT"}"#, payload: claims.bytes, secret: secret)
    }

    /// Signs any header and payload with HS256, whatever algorithm the header names.
    public static func sign(
        header: String, payload: Span<UInt8>, secret: SharedSecret
    ) throws(KeySetError) -> String {
        var token = Base64URL.encode(header.utf8.span)
        token.append(UInt8(ascii: "."))
        token += Base64URL.encode(payload)
        do throws(OpenSSLError) {
            let code = try HMACSHA256(key: secret.bytes.span).code(for: token.span)
            token.append(UInt8(ascii: "."))
            token += Base64URL.encode(code.span)
        } catch {
            throw .cryptography(error.description)
        }
        return String(copying: token.span)
    }
}
