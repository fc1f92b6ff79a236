import EventLoop
import FastCGI
import Glibc

extension ListeningSocket {
    /// The socket that the process was started with: descriptor 3 by the protocol of `sd_listen_fds`, else 0.
    static func inherited() throws(SystemError) -> ListeningSocket {
        let isPassed = variable("LISTEN_PID").flatMap { Int32($0) } == getpid() && variable("LISTEN_FDS") == "1"
        return try inherited(isPassed ? 3 : STDIN_FILENO)
    }
}

/// A variable of the environment.
///
/// The corresponding C function is `getenv`.
private func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
}
