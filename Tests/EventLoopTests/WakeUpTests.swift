import EventLoop
import Synchronization
import Testing

@Suite("A doorbell at a loop")
struct WakeUpTests {
    @Test("A ring from another thread is answered on the loop's thread, many rings at once as one")
    func rings() throws {
        let loop = try EventLoop()
        let wakeUp = try WakeUp(on: loop)
        var answers = 0
        wakeUp.handler = { answers += 1 }
        let signal = wakeUp.signal
        try BackgroundThread.run { for _ in 0..<1_000 { signal.notify() } }
        while answers == 0 { try loop.turn(timeout: 1_000_000_000) }
        // What is rung after an answer is answered again.
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

    @Test("A thread sleeps until it is rung for, and a ring before that is not lost")
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
