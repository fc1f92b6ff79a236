import EventLoop
import Glibc

/// Gives back, soon after the start, the pages of program text that only the start needed.
///
/// Relocation, the parsing of commands and the search for protocol conformances touch megabytes of the program and its
/// libraries that no request needs. They are clean and stay in the page cache; what is needed again comes back by a
/// minor fault. About a third of a worker's resident memory goes this way.
final class StartUpPages: EventSource {
    /// Waits until connections are made and the first requests have gone through.
    static func release(on loop: EventLoop) {
        loop.setTimer(StartUpPages(), at: loop.now + 2_000_000_000)
    }

    /// The corresponding C function is `madvise(MADV_DONTNEED)`.
    override func timerFired() {
        guard let maps = try? TextFile.read("/proc/self/maps") else { return }
        for line in maps.split(separator: "\n") {
            // Only text: it is mapped from a file and never written to, so nothing can be lost.
            guard line.contains(" r-xp "), line.contains(" /") else { continue }
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard bounds.count == 2, let start = unsafe UnsafeMutableRawPointer(bitPattern: bounds[0]) else { continue }
            _ = unsafe madvise(start, Int(bounds[1] - bounds[0]), MADV_DONTNEED)
        }
    }
}
