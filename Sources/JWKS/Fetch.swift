internal import CCurl
internal import JWT

/// One HTTP GET of a key set.
///
/// Each fetch has a new handle: fetches are minutes apart, and no stale connection, cookie or redirect is reused.
enum Fetch {
    /// In milliseconds, name resolution and handshakes included.
    static let connectTimeout = 3_000
    /// In milliseconds, everything included.
    static let timeout = 5_000

    /// Fetches and reads a key set.
    ///
    /// Proxies come from the environment, as in curl, except for plain HTTP to this machine, which must not leave it.
    ///
    /// - Parameter isCancelled: called about once a second; true ends the transfer.
    ///
    /// The corresponding C function is `curl_easy_perform`.
    static func keySet(
        at url: KeySetURL, userAgent: String, isCancelled: @escaping () -> Bool
    ) throws(KeySourceError) -> ReadKeySet {
        _ = Library.isReady
        guard let handle = unsafe curl_easy_init() else { throw .unreachable("libcurl cannot be used") }
        defer { unsafe curl_easy_cleanup(handle) }
        let headers = unsafe curl_slist_append(nil, "Accept: application/json, application/jwk-set+json")
        defer { unsafe curl_slist_free_all(headers) }
        let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        defer { unsafe words.deallocate() }
        let transfer = Transfer(isCancelled: isCancelled)
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()

        let settings = unsafe [
            todo_curl_set_text(handle, CURLOPT_URL, url.text),
            todo_curl_set_scheme(handle, url.isHTTPS ? 1 : 0),
            todo_curl_set_text(handle, CURLOPT_USERAGENT, userAgent),
            todo_curl_set_headers(handle, headers),
            todo_curl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0),
            todo_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT_MS, connectTimeout),
            todo_curl_set_number(handle, CURLOPT_TIMEOUT_MS, timeout),
            // Refuses at once where `Content-Length` is given; the writer counts in any case.
            todo_curl_set_number(handle, CURLOPT_MAXFILESIZE, JWKSet.maximumBytes),
            // libcurl's use of signals is unsafe in a process with several threads.
            todo_curl_set_number(handle, CURLOPT_NOSIGNAL, 1),
            url.isHTTPS ? CURLE_OK : todo_curl_set_text(handle, CURLOPT_PROXY, ""),
            todo_curl_set_error_buffer(handle, words),
            todo_curl_set_writer(handle, write, context),
            todo_curl_set_progress(handle, progress, context),
        ]
        guard settings.allSatisfy({ $0 == CURLE_OK }) else { throw .unreachable("libcurl lacks an option") }

        let code = withExtendedLifetime(transfer) { unsafe curl_easy_perform(handle) }
        guard !transfer.isTooLong, code != CURLE_FILESIZE_EXCEEDED else { throw .tooLong }
        guard code != CURLE_ABORTED_BY_CALLBACK else { throw .cancelled }
        // A constant text: libcurl's has the elapsed milliseconds, and the log writes each text once.
        guard code != CURLE_OPERATION_TIMEDOUT else { throw .unreachable("no whole answer in time") }
        guard code == CURLE_OK else {
            let text = unsafe words.pointee == 0 ? curl_easy_strerror(code) : UnsafePointer(words)
            throw .unreachable(unsafe text.map { unsafe String(cString: $0) } ?? "error \(code.rawValue) of libcurl")
        }
        var status = 0
        unsafe _ = todo_curl_status(handle, &status)
        guard status == 200 else { throw .status(status) }
        return try ReadKeySet(transfer.body)
    }

    /// The state shared by the callbacks of one transfer.
    private final class Transfer {
        let isCancelled: () -> Bool
        var body: [UInt8] = []
        var isTooLong = false

        init(isCancelled: @escaping () -> Bool) {
            self.isCancelled = isCancelled
        }
    }

    /// Appends a part of the body; returns 0, which ends the transfer, when the body is too long.
    private static let write: curl_write_callback = { start, size, count, context in
        guard let context = unsafe context, let start = unsafe start else { return 0 }
        let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        guard transfer.body.count + size * count <= JWKSet.maximumBytes else {
            transfer.isTooLong = true
            return 0
        }
        unsafe transfer.body.append(contentsOf: UnsafeRawBufferPointer(start: start, count: size * count))
        return size * count
    }

    private static let progress: curl_xferinfo_callback = { context, _, _, _, _ in
        guard let context = unsafe context else { return 0 }
        return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().isCancelled() ? 1 : 0
    }

    /// libcurl's global initialisation, once per process.
    enum Library {
        /// The corresponding C function is `curl_global_init`.
        static let isReady = todo_curl_global_init() == CURLE_OK
    }
}
