import Base
import FastCGI
import Glibc

extension ListeningSocket {
    /// The inherited listening socket: descriptor 3 by the protocol of `sd_listen_fds`, else 0.
    static func inherited() throws(SystemError) -> ListeningSocket {
        let isPassed =
            Environment.variable("LISTEN_PID").flatMap { Int32($0) } == getpid()
            && Environment.variable("LISTEN_FDS") == "1"
        return try inherited(isPassed ? 3 : STDIN_FILENO)
    }
}
