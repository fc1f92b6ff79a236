internal import CLinux
internal import Glibc

extension ListeningSocket {
    /// The length of the accept queue and its limit.
    ///
    /// Read from the kernel's socket diagnostics; nil where they are unavailable, as in a sandbox without AF_NETLINK,
    /// or for a socket of another network namespace. Costs a few system calls. See sock_diag(7), `UDIAG_SHOW_RQLEN`.
    public func queue() -> (waiting: Int, limit: Int)? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        let netlink = socket(AF_NETLINK, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), NETLINK_SOCK_DIAG)
        guard netlink >= 0 else { return nil }
        defer { close(netlink) }
        var request = QueueRequest(inode: UInt32(truncatingIfNeeded: status.st_ino))
        let size = MemoryLayout<QueueRequest>.size
        guard unsafe send(netlink, &request, size, 0) == size else { return nil }
        var answer = [UInt8](repeating: 0, count: 4 << 10)
        // The kernel has answered before `send` returned.
        let count = unsafe recv(netlink, &answer, answer.count, Int32(MSG_DONTWAIT))
        let header = MemoryLayout<nlmsghdr>.size
        guard count >= header, answer.uint16(at: 4) == 20 else { return nil }
        // Attributes follow the message: a length, a type, and the value, up to the next multiple of four.
        var offset = header + MemoryLayout<unix_diag_msg>.size
        while offset + 4 <= count {
            let length = Int(answer.uint16(at: offset))
            if length == 12, answer.uint16(at: offset + 2) == UInt16(UNIX_DIAG_RQLEN), offset + 12 <= count {
                return (Int(answer.uint32(at: offset + 4)), Int(answer.uint32(at: offset + 8)))
            }
            offset += max((length + 3) & ~3, 4)
        }
        return nil
    }
}

/// A request for one unix socket, by its inode.
private struct QueueRequest {
    let header: nlmsghdr
    let question: unix_diag_req

    init(inode: UInt32) {
        // SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST
        header = nlmsghdr(
            nlmsg_len: UInt32(MemoryLayout<QueueRequest>.size), nlmsg_type: 20, nlmsg_flags: 1, nlmsg_seq: 0,
            nlmsg_pid: 0)
        var question = unix_diag_req()
        question.sdiag_family = UInt8(AF_UNIX)
        question.udiag_states = .max
        question.udiag_ino = inode
        question.udiag_show = UInt32(UDIAG_SHOW_RQLEN)
        // Any cookie.
        question.udiag_cookie = (.max, .max)
        self.question = question
    }
}

extension [UInt8] {
    fileprivate func uint16(at offset: Int) -> UInt16 {
        unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self) }
    }

    fileprivate func uint32(at offset: Int) -> UInt32 {
        unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }
}
