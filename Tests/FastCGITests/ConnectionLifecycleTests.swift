import Testing

@testable import FastCGI

/// The life cycle as a value: no socket, no loop.
extension FastCGITests {
    @Suite("Life of a connection")
    struct ConnectionLifecycleTests {
        enum Event {
            case readable, hungUp, readFailed, answered, answeredLast, turnEnded, retired

            func happen(to lifecycle: inout ConnectionLifecycle) -> ConnectionLifecycle.Action {
                switch self {
                case .readable: lifecycle.becameReady(hungUp: false)
                case .hungUp: lifecycle.becameReady(hungUp: true)
                case .readFailed: lifecycle.readFailed()
                case .answered: lifecycle.answered(isKept: true)
                case .answeredLast: lifecycle.answered(isKept: false)
                case .turnEnded: lifecycle.turnEnded()
                case .retired: lifecycle.retire()
                }
            }
        }

        struct Story: CustomTestStringConvertible {
            let testDescription: String
            let steps: [(Event, ConnectionLifecycle.Action)]
            let end: ConnectionLifecycle.State

            init(_ sentence: String, _ steps: [(Event, ConnectionLifecycle.Action)], _ end: ConnectionLifecycle.State) {
                testDescription = sentence
                self.steps = steps
                self.end = end
            }
        }

        @Test(
            "Whatever happens to a connection, in this order, it knows what to do",
            arguments: [
                Story("it waits for a first request", [], .idle),
                Story("request after request", [(.readable, .read), (.answered, .wait), (.readable, .read)], .running),
                Story("the last request closes it", [(.readable, .read), (.answeredLast, .close)], .closed),
                Story("the peer leaves between requests", [(.hungUp, .close)], .closed),
                Story(
                    "the peer leaves while a request runs, and its answer finds nobody",
                    [(.readable, .read), (.hungUp, .close), (.answered, .wait)], .closed),
                Story("what is sent cannot be read", [(.readable, .read), (.readFailed, .close)], .closed),
                Story("an answer is given twice", [(.readable, .read), (.answered, .wait), (.answered, .wait)], .idle),
                Story("an answer comes before any request", [(.answered, .wait), (.answeredLast, .wait)], .idle),
                Story(
                    "more arrives while a request runs, and is read once the turn ends",
                    [(.readable, .read), (.readable, .wait), (.answered, .readLater), (.turnEnded, .read)], .running),
                Story(
                    "more arrives twice while a request runs, and is read once",
                    [
                        (.readable, .read), (.readable, .wait), (.readable, .wait), (.answered, .readLater),
                        (.turnEnded, .read), (.answered, .wait),
                    ], .idle),
                Story(
                    "more arrives between an answer and the turn's end, and is read once",
                    [
                        (.readable, .read), (.readable, .wait), (.answered, .readLater), (.readable, .wait),
                        (.turnEnded, .read), (.answered, .wait),
                    ], .idle),
                Story(
                    "it is answered twice while more is waiting",
                    [(.readable, .read), (.readable, .wait), (.answered, .readLater), (.answered, .wait)], .answered),
                Story(
                    "the peer leaves between an answer and the turn's end",
                    [
                        (.readable, .read), (.readable, .wait), (.answered, .readLater), (.hungUp, .close),
                        (.turnEnded, .wait),
                    ], .closed),
                Story(
                    "more arrives behind the last request",
                    [(.readable, .read), (.readable, .wait), (.answeredLast, .close), (.turnEnded, .wait)], .closed),
                Story("a turn ends without an answer", [(.readable, .read), (.turnEnded, .wait)], .running),
                Story("it is retired while it waits", [(.retired, .close)], .closed),
                Story(
                    "it is retired while a request runs, and the answer still goes out",
                    [(.readable, .read), (.retired, .wait), (.answered, .wait), (.retired, .close)], .closed),
                Story(
                    "it is retired before the next request is read",
                    [(.readable, .read), (.readable, .wait), (.answered, .readLater), (.retired, .close)], .closed),
                Story(
                    "whatever happens to a closed one, nothing touches it again",
                    [
                        (.hungUp, .close), (.readable, .wait), (.hungUp, .wait), (.readFailed, .wait),
                        (.answered, .wait), (.answeredLast, .wait), (.turnEnded, .wait), (.retired, .wait),
                    ], .closed),
            ])
        func stories(_ story: Story) {
            var lifecycle = ConnectionLifecycle()
            for (event, action) in story.steps {
                #expect(event.happen(to: &lifecycle) == action, "\(event)")
            }
            #expect(lifecycle.state == story.end)
        }
    }
}
