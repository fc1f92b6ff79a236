internal import CLinux
internal import Glibc

/// The flags for `recv` and `send`: non-blocking, and without SIGPIPE.
enum SocketFlags {
    static var receive: Int32 { Int32(MSG_DONTWAIT) }
    static var peek: Int32 { Int32(MSG_DONTWAIT | MSG_PEEK) }
    static var send: Int32 { Int32(MSG_DONTWAIT | MSG_NOSIGNAL) }
}
