import Base
import Glibc
import Testing

@testable import Metrics

@Suite("A pool's file")
struct LedgerTests {
    let folder = Folder()
    let sample = Sample()
    var path: String { folder("metrics") }

    @Test("Workers have slots of their own, and the pool's numbers are their sum")
    func sum() throws {
        let (first, second) = (try sample.claim(path), try sample.claim(path))
        #expect(first.slot == 0 && second.slot == 1 && first.isShared)
        first.add(to: sample.requests[0])
        second.add(2, to: sample.requests[0])
        second.set(sample.connections.only, to: 5)
        for snapshot in [Snapshot(first), Snapshot(second), try Snapshot(of: path, sample.schema)] {
            #expect(sample.value(snapshot, "t_requests_total{route=\"list\",status=\"200\"}") == "3")
            #expect(sample.value(snapshot, "t_connections") == "5")
            #expect(snapshot.workers.map(\.slot) == [0, 1] && snapshot.starts == 2 && snapshot.crashes == 0)
            #expect(snapshot.workers.allSatisfy { $0.process == UInt64(getpid()) && $0.version == "1.0" })
        }
    }

    @Test("A worker's counters remain when it ends, and when its slot is claimed again; its gauges do not")
    func folding() throws {
        var first: Ledger? = try sample.claim(path)
        let second = try sample.claim(path)
        for ended in 1...5 {
            first?.add(10, to: sample.requests[0])
            first?.set(sample.connections.only, to: 7)
            first?.set(sample.inFlight.only, to: 3)
            first?.observe(500, in: sample.latency)
            first?.close()
            first = nil
            for taken in [false, true] {
                if taken { first = try sample.claim(path) }
                let snapshot = Snapshot(second)
                #expect(
                    sample.value(snapshot, "t_requests_total{route=\"list\",status=\"200\"}") == "\(ended * 10)")
                #expect(sample.value(snapshot, "t_latency_seconds_count") == "\(ended)")
                #expect(sample.value(snapshot, "t_connections") == "0")
                #expect(snapshot.workers.count == (taken ? 2 : 1))
                #expect(snapshot.crashes == 0)
            }
            #expect(first?.slot == 0)
        }
        #expect(Snapshot(second).starts == 7)
    }

    @Test("A worker that ends without a clean shutdown counts as one crash")
    func crash() throws {
        var first: Ledger? = try sample.claim(path)
        let second = try sample.claim(path)
        #expect(first?.slot == 0 && Snapshot(second).crashes == 0)
        first = nil
        #expect(Snapshot(second).crashes == 1)
        first = try sample.claim(path)
        #expect(Snapshot(second).crashes == 1)
        first?.close()
        first = nil
        #expect(Snapshot(second).crashes == 1 && sample.value(Snapshot(second), "t_worker_crashes_total") == "1")
    }

    @Test("A fold that is interrupted before its last store has no effect, one after it is complete")
    func cutShort() throws {
        let layout = Layout(wordCount: sample.schema.wordCount)
        var first: Ledger? = try sample.claim(path)
        let second = try sample.claim(path)
        first?.add(4, to: sample.requests[0])
        first = nil
        // All stores but the sequence, as a killed process leaves them; the next process folds again, and only once.
        let sequence = second.file[Layout.Header.sequence]
        second.file.fold(0, layout, sample.schema)
        second.file[Layout.Header.sequence] = sequence
        second.file.fold(0, layout, sample.schema)
        second.file.fold(0, layout, sample.schema)
        #expect(second.file[Layout.Header.sequence] == sequence + 1)
        #expect(sample.value(Snapshot(second), "t_requests_total{route=\"list\",status=\"200\"}") == "4")
        // The slot is claimed after the fold, so that its old words are never read as a new owner's.
        first = try sample.claim(path)
        #expect(sample.value(Snapshot(second), "t_requests_total{route=\"list\",status=\"200\"}") == "4")
    }

    @Test("A file of another version is replaced, and its workers go on counting in the old one")
    func otherVersion() throws {
        let old = try sample.claim(path)
        old.add(to: sample.requests[0])
        let newer = Sample(more: true)
        #expect(newer.schema.fingerprint != sample.schema.fingerprint)
        #expect(throws: SystemError("read", code: EPROTO)) { try Snapshot(of: path, newer.schema) }
        let new = try newer.claim(path)
        #expect(newer.value(Snapshot(new), "t_requests_total{route=\"list\",status=\"200\"}") == "0")
        old.add(to: sample.requests[0])
        #expect(sample.value(Snapshot(old), "t_requests_total{route=\"list\",status=\"200\"}") == "2")
        #expect(Snapshot(new).workers.count == 1)
    }

    @Test("All slots can be claimed; a further claim fails with a message")
    func full() throws {
        var all: [Ledger] = []
        for _ in 0..<Layout.slotCount { all.append(try sample.claim(path)) }
        #expect(throws: Ledger.Refusal.isFull) { try sample.claim(path) }
        #expect(Snapshot(all[7]).workers.count == Layout.slotCount)
        all.remove(at: 100)
        #expect(try sample.claim(path).slot == 100)
    }

    @Test("A file of another kind is not changed", arguments: ["some other text\n", "short"])
    func foreign(content: String) throws {
        let file = fopen(path, "w")
        fputs(content, file)
        fclose(file)
        #expect(throws: Ledger.Refusal.system(SystemError("open", code: EEXIST))) { try sample.claim(path) }
        #expect(try readAll(path) == content)
        let link = folder("link")
        symlink(path, link)
        #expect(throws: Ledger.Refusal.system(SystemError("open", code: ELOOP))) { try sample.claim(link) }
        #expect(throws: Ledger.Refusal.system(SystemError("open", code: ENOENT))) { try sample.claim("/nowhere/x") }
        #expect(throws: SystemError("read", code: ENODATA)) { try Snapshot(of: path, sample.schema) }
    }

    @Test("A process that holds the file's lock delays a start by about one second")
    func busy() throws {
        let held = try sample.claim(path)
        let other = try MappedFile.shared(path, wordCount: held.layout.size)
        #expect(other.lock(held.layout.lockByte(nil)))
        let start = Clock.monotonic
        #expect(throws: Ledger.Refusal.isBusy) { try sample.claim(path) }
        #expect(Clock.monotonic - start < 3_000_000_000)
    }

    @Test("Without a file a worker counts for itself")
    func alone() throws {
        let ledger = try Ledger.unshared(sample.schema, version: "2.0", at: 5)
        ledger.add(to: sample.requests[0])
        let snapshot = Snapshot(ledger)
        #expect(!ledger.isShared && snapshot.workers.count == 1 && snapshot.createdAt == 5)
        #expect(sample.value(snapshot, "t_requests_total{route=\"list\",status=\"200\"}") == "1")
        #expect(sample.value(snapshot, "t_worker_starts_total") == "1")
    }

    @Test("Totals never decrease while workers start and end, for any reader")
    func monotonic() throws {
        let watcher = try sample.claim(path)
        var last = 0
        for _ in 0..<200 {
            let worker = try sample.claim(path)
            for _ in 0..<5 { worker.add(to: sample.requests[0]) }
            let value =
                Int(sample.value(Snapshot(watcher), "t_requests_total{route=\"list\",status=\"200\"}") ?? "") ?? -1
            #expect(value == last + 5)
            last = value
        }
        #expect(Snapshot(watcher).crashes == 200)
    }
}

private func readAll(_ path: String) throws -> String {
    let file = fopen(path, "r")
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = fread(&bytes, 1, 100, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
}
