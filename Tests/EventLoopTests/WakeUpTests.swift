import EventLoop
import Synchronization
import Testing

@Suite("Signals between threads")
struct WakeUpTests {
    @Test("A notification from another thread calls the handler on the loop's thread, once for several pending ones")
    func notifications() throws {
        let loop = try EventLoop()
        let wakeUp = try WakeUp(on: loop)
        var answers = 0
        wakeUp.handler = { answers += 1 }
        let signal = wakeUp.signal
        try BackgroundThread.run { for _ in 0..<1_000 { signal.notify() } }
        while answers == 0 { try loop.turn(timeout: 1_000_000_000) }
        // A notification after the handler's call calls it again.
        let before = answers
        signal.notify()
        signal.notify()
        while answers == before { try loop.turn(timeout: 1_000_000_000) }
        try loop.turn(timeout: 0)
        #expect(answers <= 1_002)
        loop.remove(wakeUp)
        signal.notify()
        try loop.turn(timeout: 1_000_000)
    }

    @Test("A thread blocks until it is notified, and an earlier notification is not lost")
    func sleeper() throws {
        let loop = try EventLoop()
        let (there, back) = (try EventSignal(isBlocking: true), try WakeUp(on: loop))
        var answers = 0
        back.handler = { answers += 1 }
        let signal = back.signal
        try BackgroundThread.run {
            for _ in 0..<3 {
                there.wait()
                signal.notify()
            }
        }
        for round in 1...3 {
            #expect(answers == round - 1)
            there.notify()
            while answers < round { try loop.turn(timeout: 1_000_000_000) }
        }
    }
}
