internal import Base
internal import CLinux
internal import Glibc
internal import Synchronization

/// Words of memory that processes share through a file, or of private memory.
///
/// Aligned words are read and written atomically on the supported machines; the callers agree on each word's writer.
@safe
final class MappedFile {
    let wordCount: Int
    private let words: UnsafeMutablePointer<UInt64>
    private let descriptor: Int32

    private init(takingOwnershipOf descriptor: Int32, wordCount: Int, isReadOnly: Bool) throws(SystemError) {
        self.descriptor = descriptor
        self.wordCount = wordCount
        let memory = unsafe mmap(
            nil, wordCount * 8, isReadOnly ? PROT_READ : PROT_READ | PROT_WRITE,
            descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, descriptor, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            let error = SystemError("mmap")
            if descriptor >= 0 { close(descriptor) }
            throw error
        }
        unsafe words = memory.bindMemory(to: UInt64.self, capacity: wordCount)
    }

    deinit {
        unsafe munmap(words, wordCount * 8)
        if descriptor >= 0 { close(descriptor) }
    }

    /// Private memory.
    static func unshared(wordCount: Int) throws(SystemError) -> MappedFile {
        try MappedFile(takingOwnershipOf: -1, wordCount: wordCount, isReadOnly: false)
    }

    /// Opens or creates a file for writing; its group may read it.
    ///
    /// Refuses a symbolic link (ELOOP) and a file of another kind (EEXIST). The corresponding C functions are `open`
    /// and `mmap`.
    static func shared(_ path: String, wordCount: Int) throws(SystemError) -> MappedFile {
        let descriptor = try checked(
            "open", unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640))
        var status = stat()
        var magic: UInt64 = 0
        // A file of another kind, named by mistake, is not changed.
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            unsafe pread(descriptor, &magic, 8, 0) == (status.st_size == 0 ? 0 : 8),
            magic == 0 || magic >> 16 == Layout.magic >> 16
        else {
            close(descriptor)
            throw SystemError("open", code: EEXIST)
        }
        if status.st_size < wordCount * 8, ftruncate(descriptor, wordCount * 8) != 0 {
            let error = SystemError("ftruncate")
            close(descriptor)
            throw error
        }
        return try MappedFile(takingOwnershipOf: descriptor, wordCount: wordCount, isReadOnly: false)
    }

    /// Opens a file for reading; ENODATA when it is too short.
    static func readOnly(_ path: String, wordCount: Int) throws(SystemError) -> MappedFile {
        let descriptor = try checked("open", unsafe open(path, O_RDONLY | O_CLOEXEC))
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_size >= wordCount * 8 else {
            close(descriptor)
            throw SystemError("read", code: ENODATA)
        }
        return try MappedFile(takingOwnershipOf: descriptor, wordCount: wordCount, isReadOnly: true)
    }

    // MARK: Words

    subscript(word: Int) -> UInt64 {
        @inline(__always) get {
            precondition(word >= 0 && word < wordCount)
            return unsafe words[word]
        }
        @inline(__always) set {
            precondition(word >= 0 && word < wordCount)
            unsafe words[word] = newValue
        }
    }

    /// Reads a word that makes others valid; the others are read after it.
    func acquire(_ word: Int) -> UInt64 {
        precondition(word >= 0 && word < wordCount)
        return unsafe UnsafeRawPointer(words + word).assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(
            ordering: .sequentiallyConsistent)
    }

    /// Writes a word that makes others valid; the others are written before it.
    func release(_ word: Int, _ value: UInt64) {
        precondition(word >= 0 && word < wordCount)
        unsafe UnsafeRawPointer(words + word).assumingMemoryBound(to: Atomic<UInt64>.self).pointee.store(
            value, ordering: .sequentiallyConsistent)
    }

    // MARK: The file

    var isShared: Bool { descriptor >= 0 }

    /// Allocates disk space: a store to a page that has none would kill the process with SIGBUS.
    ///
    /// The corresponding C function is `posix_fallocate`.
    func reserve(_ range: Range<Int>) throws(SystemError) {
        guard isShared else { return }
        let code = posix_fallocate(descriptor, range.lowerBound * 8, range.count * 8)
        if code != 0 { throw SystemError("posix_fallocate", code: code) }
    }

    /// Whether the path still names this file.
    func isAt(_ path: String) -> Bool {
        var (ours, theirs) = (stat(), stat())
        return unsafe fstat(descriptor, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino
            && ours.st_dev == theirs.st_dev
    }

    /// Locks a byte until the process ends, if no other open file has a lock on it.
    ///
    /// The corresponding C function is `fcntl(F_OFD_SETLK)`.
    func lock(_ byte: Int64) -> Bool {
        var lock = Self.lock(on: byte, Int16(F_WRLCK))
        return unsafe fcntl(descriptor, F_OFD_SETLK, &lock) == 0
    }

    /// Unlocks a byte.
    func unlock(_ byte: Int64) {
        var lock = Self.lock(on: byte, Int16(F_UNLCK))
        _ = unsafe fcntl(descriptor, F_OFD_SETLK, &lock)
    }

    /// Whether another open file has a lock on a byte.
    ///
    /// The corresponding C function is `fcntl(F_OFD_GETLK)`.
    func isLocked(_ byte: Int64) -> Bool {
        var lock = Self.lock(on: byte, Int16(F_WRLCK))
        return unsafe fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    private static func lock(on byte: Int64, _ type: Int16) -> flock {
        flock(l_type: type, l_whence: Int16(SEEK_SET), l_start: Int(byte), l_len: 1, l_pid: 0)
    }
}
