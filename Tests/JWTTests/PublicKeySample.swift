/// Keys and tokens of another implementation (joserfc with pyca/cryptography); the private keys were discarded.
///
/// All tokens: user ann, issuer and audience `https://todo.example`, issued in 2023, valid until 2100.
enum PublicKeySample {
    /// The public key `ed`, as an issuer publishes it.
    static let ed25519 = """
        {"crv":"Ed25519","x":"sq6DSI8e0C8Q9vyPLty8Jidp9AZniQdxO9NykPpmwuA","kty":"OKP","kid":"ed"}
        """

    /// The public key `p256`, as an issuer publishes it.
    static let es256 = """
        {"crv":"P-256","x":"tXt4IuhoBZJ2JHFzu-E6te6hWn7a4gr4kDUNYTZijTs","y":"pPNZdlJI1aq1j-tktKvFRhGRJUEnc_\
        pZ34aoP9ZFsVg","kty":"EC","kid":"p256"}
        """

    /// The public key `p521`, as an issuer publishes it.
    static let es512 = """
        {"crv":"P-521","x":"AeaY2gSYKU9t65Kg4eYbfEzGyKjQnRK-rUUoNFZhUcKhNoDhT3M-Dxpk27_YeEm_CffZ1lA7k5bfnMpR\
        1eBobp2A","y":"AflPBMCttbfT7qspLqF8yFnSPHMoJVRcU8rXXFMBB0U8PVKdnyrEWXaPakPGIM9snlafQHyYnHw0MgNoHNL47\
        Xts","kty":"EC","kid":"p521"}
        """

    /// The public key `rsa`, as an issuer publishes it.
    static let rsa = """
        {"n":"qK8Jbrlw0EvX5KHGmwbNuzmMyNux0x_vJzbN0R4mUkGxn8Q3kX9wGsO8uDRgk4HwVW9vCxzAFsZR5jo2ercMb1RITyZghB\
        uzaPodS3GQ_HqwaLASwBGzvUtYmYPZbUFIsrvGjW4hBmBxvFwIOoAEPB0mX-jPY4Dz5LPd6pkt8p_cPUAipvHI9BXIvS0JoeSJ6V\
        fbqsRdUSdH0tPqIDPr7LClI-wLPOTapUNl5rwcrz3bwUWSk288OJQE6KSdFs0LmuZtVVp-IaT7C92r9VbKOXupmAeFMZPvkWSvF3\
        PT_eVshNejKsBDy_NNYXN8QDUHvU9hI12WkFPhAfWYAWNw7w","e":"AQAB","kty":"RSA","kid":"rsa"}
        """

    /// Signed by `ed` under EdDSA.
    static let tokenEdDSA = """
        eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMCwi\
        aXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.dDG-hn_5xdCi-T5mG86x3jP\
        2upa50ZVaTP-aokmcANfxZgy3PUyP9W_c4v8uT6v-zbUcqbJB7Uzo_WmePQPUBQ
        """

    /// Signed by `p256` under ES256.
    static let tokenES256 = """
        eyJhbGciOiJFUzI1NiIsImtpZCI6InAyNTYifQ.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwM\
        CwiaXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.0qwZARt-XYnM3ncjw-8f\
        WbDrzsnSf_Wbywh590Iyks3IR9CpKAMXSvbV04TGc0EdciNf3AlPI5oYYSZrTS_5Qw
        """

    /// Signed by `p521` under ES512.
    static let tokenES512 = """
        eyJhbGciOiJFUzUxMiIsImtpZCI6InA1MjEifQ.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwM\
        CwiaXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.AaTLH7-4VBV05MtM4yJj\
        CCXpIyPNiqh0Z2ndZ6CGtgWn5FzGC-NncoFoXCtsiioZPBnj7JeQBHFTfvIxfiY5UtKwAFrdkJbNZbE4jMvWO6VnjU4-UjD7wbed\
        TKtjVxyqWG7T5DjSVwH5VoEH4q6-ItTnd1ulzk1DlAhC_XiUetAZJrv8
        """

    /// Signed by `rsa` under RS256.
    static let tokenRS256 = """
        eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMCw\
        iaXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.bM6_dmAvBYSvJVfcNOleaV\
        4iyiOxyqUrHQy6cH24bx0fd7WTo1R07zVkTLHtfmyPONS45ARW4tpqBbK1P7od4h5K1_hxH8h5QO1FnJ58TgSryNlwnOfF21_A1y\
        YvODkbgUsM1AkQUO38QWDKiasILgajEmrEGjj1fEyQCS3jLd56YWlkQEZsWH1s1X2OGGk6DSOTy_4LA8OQ2NwaNNVH1jz2dPt7Pu\
        cL3JRGULPIm8Inr0rh8RDcDIs1UDoVJgpeLog3TdAltN3n9Fh4WjhLrt7RDEHWkRkXceU3pZi_yoCVGRgIjdxCCr1JpofdDAnVCJ\
        dzwco02oP_jOr6ZV3NKQ
        """

    /// Signed by `rsa` under PS256.
    static let tokenPS256 = """
        eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMCw\
        iaXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.EmgOJlLro2mcP-hWljQrZ7\
        iejBAY08m1GBOHnSQNkT7tE3MdxUGSgFS_dO0aMGmPJAgdNg_jBwD7YIDEe27ioYNZkTpAP5nRj5kYmB3D_5k70aiJnGdPhnpkI_\
        cqCn3Ok9t2x5jA7vbh4ZdKqkk4TdqzaRi5qv1ZKD2F0hKBfC1bV_OuZVREkVgSCK1tflbpOMNPa_3wRec0KcBf2RIceRuJjjeEZD\
        juvztWRIcl_OQFJ8zzXOIZJgTnI1CJrS77tmRz69cU9DkJk3bq-agMu9MJFjcnznskx_wwKQXsd2g3i0V4s8JBXXObsNy1rS_geA\
        gEYbiGMRPh-_dBv17mbQ
        """

    /// Signed by `ed`, with the `alg` of RFC 9864.
    static let tokenEd25519Name = """
        eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoiZWQifQ.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwM\
        CwiaXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.CZp53UrY0c6tcH3kg0VV\
        by7s9gcN8pd-jLVWRl9uHPd-Gh3oB0ltsK_m0pVs2KJupM-1_dJIeSDb_HUG9RE5CA
        """

    /// Signed by `ed`, without `kid`.
    static let tokenWithoutKid = """
        eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMCwiaXNzIjoiaHR0cHM\
        6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.g3cm5qMenImUXA7OMYfknUpqPIYArXh9eAIUL-\
        la_HxyUMulQvoTSL4bRs57CPqYcyv_5C64lszU6BXnbyRKAw
        """

    /// Signed by `p256`, without `kid`.
    static let tokenES256WithoutKid = """
        eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMCwiaXNzIjoiaHR0cHM\
        6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.Smyk5PpoAq4BMgAJm12ZLCUz82ZqaT-eJRPwjr\
        zVQGZDidUIOLVZvc0yNs4wa9H4zi4MHhKy9PAPI7ymfOOIXA
        """

    /// Signed by `ed`; its `kid` is a path.
    static let tokenWithPathAsKid = """
        eyJhbGciOiJFZERTQSIsImtpZCI6Ii4uLy4uLy4uL2Rldi9udWxsIn0.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4\
        cCI6NDEwMjQ0NDgwMCwiaXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.gok\
        35qJJXwRSjdpeO74p75PAm6aVhsdKLoGMP56XapE0wUNlaKNhFEzMMnO4DU0tiX3rQZDeF3rTPjhwt2CyBg
        """

    /// Signed by `ed`; its `kid` is SQL.
    static let tokenWithSQLAsKid = """
        eyJhbGciOiJFZERTQSIsImtpZCI6ImVkJyBVTklPTiBTRUxFQ1QgJ0FBQUEnLS0ifQ.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwM\
        DAwMDAsImV4cCI6NDEwMjQ0NDgwMCwiaXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhb\
        XBsZSJ9.dGYxCRO1PE7xxtmGEjLNe-N1-sn5_GTgGAVGGPR-E7J-IvHI1l9GiYnTqUNSqN41v60gBw-TNqRGczyUtV53Aw
        """

    /// Signed by a key in its own `jwk`, with the `kid` of `ed`.
    static let forgedWithJWK = """
        eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIiwiandrIjp7ImNydiI6IkVkMjU1MTkiLCJ4IjoiSGtOdDNPNFVFRWNWQU52bEczOUVZ\
        RzlXMDdWYlhnWXBKU3NtYkFjcnB4QSIsImt0eSI6Ik9LUCJ9fQ.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6N\
        DEwMjQ0NDgwMCwiaXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.rgy6Ppjq\
        vEKlchZHOHvOmv2IS_hTthNmUPQA-wQ3_ZL_Kp3jvEQbM6tybhlGMRjK8ELyAiifLP23lJEjt6UPBA
        """

    /// Signed by a key at its own `jku`, with the `kid` of `ed`.
    static let forgedWithJKU = """
        eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIiwiamt1IjoiaHR0cHM6Ly9ldmlsLmV4YW1wbGUvandrcyIsIng1dSI6Imh0dHBzOi8v\
        ZXZpbC5leGFtcGxlL3g1dSJ9.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMCwiaXNzIjoiaHR\
        0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.0VLRvZKmUy7g5ah-New_3s5AfA3CO4UbvE\
        2buHfSpI1au9t5Y-tENymaJqmN3GnOonUas4qSb2VdnKRzurcXAA
        """

    /// Signed by a key in its own `jwk`, without `kid`.
    static let forgedWithJWKAlone = """
        eyJhbGciOiJFZERTQSIsImp3ayI6eyJjcnYiOiJFZDI1NTE5IiwieCI6IkhrTnQzTzRVRUVjVkFOdmxHMzlFWUc5VzA3VmJYZ1lw\
        SlNzbWJBY3JweEEiLCJrdHkiOiJPS1AifX0.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMCwi\
        aXNzIjoiaHR0cHM6Ly90b2RvLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL3RvZG8uZXhhbXBsZSJ9.1LIcsyZnjJeRwxKZujvowS0\
        OrLggNCgOGa2rKqItqbv8UlQGzF_8ixEuDr9xG005KbB6r-bg0WqYTZJb3ybDBQ
        """

    /// The key `rsa` in PEM, as used in attacks on servers that confuse keys and secrets.
    static let rsaPEM = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqK8Jbrlw0EvX5KHGmwbN
        uzmMyNux0x/vJzbN0R4mUkGxn8Q3kX9wGsO8uDRgk4HwVW9vCxzAFsZR5jo2ercM
        b1RITyZghBuzaPodS3GQ/HqwaLASwBGzvUtYmYPZbUFIsrvGjW4hBmBxvFwIOoAE
        PB0mX+jPY4Dz5LPd6pkt8p/cPUAipvHI9BXIvS0JoeSJ6VfbqsRdUSdH0tPqIDPr
        7LClI+wLPOTapUNl5rwcrz3bwUWSk288OJQE6KSdFs0LmuZtVVp+IaT7C92r9VbK
        OXupmAeFMZPvkWSvF3PT/eVshNejKsBDy/NNYXN8QDUHvU9hI12WkFPhAfWYAWNw
        7wIDAQAB
        -----END PUBLIC KEY-----

        """

    /// A key set of some keys.
    static func set(_ keys: String...) -> String {
        #"{"keys":[\#(keys.joined(separator: ","))]}"#
    }

    /// All four keys.
    static let all = set(ed25519, es256, es512, rsa)
}
