internal import CLinux
internal import Glibc

/// How this side calls `recv` and `send`: without waiting, and without SIGPIPE.
enum SocketFlags {
    static var receive: Int32 { Int32(MSG_DONTWAIT) }
    static var look: Int32 { Int32(MSG_DONTWAIT | MSG_PEEK) }
    static var send: Int32 { Int32(MSG_DONTWAIT | MSG_NOSIGNAL) }
}
