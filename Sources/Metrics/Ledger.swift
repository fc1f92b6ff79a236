public import Base
internal import Glibc

/// One worker's slot in the pool's file: only that worker writes to it, with plain stores of whole words.
///
/// A lock that ends with the process holds the slot. The worker's counts stay in the slot until the next worker claims
/// it, and are then added to the sums of ended workers; so a total never decreases.
public final class Ledger {
    /// Why no slot could be claimed.
    public enum Refusal: Error, Equatable, CustomStringConvertible {
        /// A system call failed.
        case system(SystemError)
        /// All slots are in use.
        case isFull
        /// Another process has been changing the file for too long.
        case isBusy

        /// The message for the log.
        public var description: String {
            switch self {
            case .system(let error): error.description
            case .isFull: "all \(Layout.slotCount) slots are in use"
            case .isBusy: "another process holds the file's lock"
            }
        }
    }

    /// The meaning of the words.
    public let schema: Schema
    /// The number of the slot.
    public let slot: Int
    let file: MappedFile
    let layout: Layout
    private let first: Int

    private init(_ schema: Schema, _ file: MappedFile, slot: Int) {
        self.schema = schema
        self.file = file
        self.slot = slot
        layout = Layout(wordCount: schema.wordCount)
        first = layout.slot(slot)
    }

    /// Whether other processes can read it.
    public var isShared: Bool { file.isShared }

    /// A slot in private memory, for a worker without a shared file.
    public static func unshared(_ schema: Schema, version: String, at now: UInt64) throws(SystemError) -> Ledger {
        let layout = Layout(wordCount: schema.wordCount)
        let ledger = Ledger(schema, try .unshared(wordCount: layout.size), slot: 0)
        ledger.file[Layout.Header.createdAt] = now
        ledger.begin(version, at: now)
        return ledger
    }

    /// Claims a slot in the pool's file, which is created if necessary.
    ///
    /// A file with another schema is replaced, and its workers go on counting in the old one, which is no longer read:
    /// the numbers start again. Waits one second at most, and only while other workers start.
    ///
    /// - Parameter now: seconds since 1970.
    public static func claimed(
        in path: String, _ schema: Schema, version: String, at now: UInt64
    ) throws(Refusal) -> Ledger {
        let layout = Layout(wordCount: schema.wordCount)
        for _ in 0..<100 {
            let file: MappedFile
            do throws(SystemError) { file = try .shared(path, wordCount: layout.size) } catch { throw .system(error) }
            guard file.lock(layout.lockByte(nil)), file.isAt(path) else {
                usleep(10_000)
                continue
            }
            defer { file.unlock(layout.lockByte(nil)) }
            let isOurs: Bool
            do throws(SystemError) { isOurs = try file.prepare(layout, schema, at: now) } catch { throw .system(error) }
            if isOurs { return try claim(in: file, layout, schema, version, at: now) }
            unsafe unlink(path)
        }
        throw .isBusy
    }

    private static func claim(
        in file: MappedFile, _ layout: Layout, _ schema: Schema, _ version: String, at now: UInt64
    ) throws(Refusal) -> Ledger {
        guard let slot = (0..<Layout.slotCount).first(where: { file.lock(layout.lockByte($0)) }) else {
            throw .isFull
        }
        let ledger = Ledger(schema, file, slot: slot)
        do throws(SystemError) {
            try file.reserve(ledger.first..<ledger.first + layout.slotSize)
        } catch {
            file.unlock(layout.lockByte(slot))
            throw .system(error)
        }
        file.fold(slot, layout, schema)
        for word in 0..<schema.wordCount { file[ledger.first + word] = 0 }
        ledger.begin(version, at: now)
        return ledger
    }

    /// Writes the slot's head; the generation last, since it makes the slot valid.
    private func begin(_ version: String, at now: UInt64) {
        let head = layout.head(slot)
        file[head + Layout.Head.process] = UInt64(getpid())
        file[head + Layout.Head.startedAt] = now
        file[head + Layout.Head.isDone] = 0
        var bytes = Array(version.utf8.prefix(31))
        bytes += [UInt8](repeating: 0, count: 32 - bytes.count)
        for word in 0..<4 {
            file[head + Layout.Head.version + word] = (0..<8).reduce(0) {
                $0 | UInt64(bytes[word * 8 + $1]) << ($1 * 8)
            }
        }
        let generation = file[head + Layout.Head.generation]
        file.release(head + Layout.Head.generation, generation + 1)
    }

    /// Records a clean shutdown; a worker that ends without this call has crashed.
    public func close() {
        file[layout.head(slot) + Layout.Head.isDone] = 1
    }

    // MARK: Counting

    /// Adds to a counter or a gauge.
    @inline(__always)
    public func add(_ amount: UInt64 = 1, to cell: Cell) {
        file[first + cell.word] &+= amount
    }

    /// Sets a gauge, or a counter whose value is kept elsewhere.
    @inline(__always)
    public func set(_ cell: Cell, to value: UInt64) {
        file[first + cell.word] = value
    }

    /// Counts a value in one of a family's histograms.
    @inline(__always)
    public func observe(_ value: UInt64, in histograms: Histograms, _ index: Int = 0) {
        let word = first + histograms.word(index)
        file[word + histograms.bucket(of: value)] &+= 1
        file[word + histograms.bounds.count + 1] &+= value
    }
}
