import EventLoop
import Testing

@testable import FastCGI

/// The state machine by itself, without socket or loop.
extension FastCGITests {
    @Suite("Life of a connection")
    struct ConnectionLifecycleTests {
        enum Event {
            case readable, writable, hungUp, failed
            case nothing, part, queued, unqueued, request, lastRequest, receiveFailed
            case answered, answeredInPart, sent, sendFailed, brokeOff
            case timedOut, turnEnded, retired

            /// The returned action; nil for an event without one.
            func happen(to lifecycle: inout ConnectionLifecycle) -> ConnectionLifecycle.Action? {
                switch self {
                case .readable: return lifecycle.becameReady(.readable)
                case .writable: return lifecycle.becameReady(.writable)
                case .hungUp: return lifecycle.becameReady([.readable, .writable, .hungUp])
                case .failed: return lifecycle.becameReady(.failed)
                case .nothing: lifecycle.receivedNothing()
                case .part: lifecycle.receivedPart()
                case .queued: lifecycle.queue()
                case .unqueued: lifecycle.leaveQueue()
                case .request: lifecycle.receivedRequest(isKept: true)
                case .lastRequest: lifecycle.receivedRequest(isKept: false)
                case .receiveFailed: return lifecycle.receiveFailed()
                case .answered: return lifecycle.answered(isSent: true)
                case .answeredInPart: return lifecycle.answered(isSent: false)
                case .sent: return lifecycle.sent()
                case .sendFailed: return lifecycle.sendFailed()
                case .brokeOff: return lifecycle.brokeOff()
                case .timedOut: return lifecycle.timedOut()
                case .turnEnded: return lifecycle.turnEnded()
                case .retired: return lifecycle.retire()
                }
                return nil
            }
        }

        struct Story: CustomTestStringConvertible {
            typealias Step = (event: Event, action: ConnectionLifecycle.Action?)
            let testDescription: String
            let steps: [Step]
            let end: ConnectionLifecycle.State

            init(_ sentence: String, _ steps: [Step], _ end: ConnectionLifecycle.State) {
                testDescription = sentence
                self.steps = steps
                self.end = end
            }
        }

        private static let begin: [Story.Step] = [(.readable, .receive), (.request, nil)]
        private static let beginLast: [Story.Step] = [(.readable, .receive), (.lastRequest, nil)]

        private static let requests: [Story] = [
            Story("it waits for a first request", [], .idle),
            Story("request after request", begin + [(.answered, .wait)] + begin, .running),
            Story("the last request closes it", beginLast + [(.answered, .close)], .closed),
            Story("there was nothing to receive", [(.readable, .receive), (.nothing, nil)], .idle),
            Story(
                "a request arrives in pieces",
                [(.readable, .receive), (.part, nil), (.readable, .receive), (.part, nil)] + begin, .running),
            Story(
                "a large request waits for others",
                [
                    (.readable, .receive), (.part, nil), (.queued, nil), (.readable, .wait), (.timedOut, .wait),
                    (.unqueued, nil), (.readable, .receive),
                ], .receiving),
            Story("a request that arrives whole is not queued", begin + [(.queued, nil)], .running),
            Story("a request cannot be parsed", [(.readable, .receive), (.receiveFailed, .close)], .closed),
            Story(
                "a peer is silent in the middle of a request",
                [(.readable, .receive), (.part, nil), (.timedOut, .stopReceiving), (.receiveFailed, .close)], .closed),
            Story(
                "more arrives while a request runs, and is received once the turn ends",
                begin + [(.readable, .wait), (.answered, .postpone), (.turnEnded, .receive)], .idle),
            Story(
                "more arrives twice while a request runs, and is received once",
                begin + [(.readable, .wait), (.readable, .wait), (.answered, .postpone), (.turnEnded, .receive)]
                    + [(.request, nil), (.answered, .wait)], .idle),
            Story(
                "more arrives between an answer and the turn's end, and is received once",
                begin + [(.readable, .wait), (.answered, .postpone), (.readable, .wait), (.turnEnded, .receive)]
                    + [(.request, nil), (.answered, .wait)], .idle),
            Story(
                "more arrives behind the last request",
                beginLast + [(.readable, .wait), (.answered, .close), (.turnEnded, .wait)], .closed),
        ]

        private static let answers: [Story] = [
            Story("an answer is given twice", begin + [(.answered, .wait), (.answered, .wait)], .idle),
            Story("an answer comes before any request", [(.answered, .wait), (.answeredInPart, .wait)], .idle),
            Story(
                "it is answered twice while more is waiting",
                begin + [(.readable, .wait), (.answered, .postpone), (.answered, .wait)], .answered),
            Story("a turn ends without an answer", begin + [(.turnEnded, .wait)], .running),
            Story(
                "the socket takes an answer in several parts",
                begin + [(.answeredInPart, .wait), (.writable, .write), (.writable, .write), (.sent, .wait)], .idle),
            Story(
                "the socket takes the last answer in several parts",
                beginLast + [(.answeredInPart, .wait), (.writable, .write), (.sent, .close)], .closed),
            Story(
                "more arrives, and the socket takes an answer in several parts",
                begin + [(.readable, .wait), (.answeredInPart, .wait), (.sent, .postpone), (.turnEnded, .receive)],
                .idle),
            Story(
                "the socket takes part after part of a request that still runs",
                begin + [(.writable, .write), (.sent, .wait), (.writable, .write), (.sent, .wait)], .running),
            Story("an answer is broken off", begin + [(.brokeOff, .close), (.answered, .wait)], .closed),
            Story("nothing is broken off without a request", [(.brokeOff, .wait)], .idle),
            Story("nothing is broken off behind an answer", begin + [(.answered, .wait), (.brokeOff, .wait)], .idle),
        ]

        private static let departures: [Story] = [
            Story("the peer leaves between requests", [(.hungUp, .close)], .closed),
            Story("the peer leaves amid a request", [(.readable, .receive), (.part, nil), (.hungUp, .close)], .closed),
            Story(
                "the peer leaves while its request waits for others",
                [(.readable, .receive), (.part, nil), (.queued, nil), (.hungUp, .close)], .closed),
            Story(
                "the peer leaves while a request runs, which is reported once, and its answer is dropped",
                begin + [(.hungUp, .abandon), (.hungUp, .wait), (.answered, .wait)], .closed),
            Story("the connection breaks while a request runs", begin + [(.failed, .abandon)], .closed),
            Story(
                "the peer leaves between an answer and the turn's end",
                begin + [(.readable, .wait), (.answered, .postpone), (.hungUp, .close), (.turnEnded, .wait)], .closed),
            Story(
                "sending a part fails, which is reported when the turn ends",
                begin + [(.sendFailed, .postpone), (.sendFailed, .wait), (.turnEnded, .abandon), (.hungUp, .wait)],
                .closed),
            Story(
                "sending a part fails and the peer leaves before the turn ends",
                begin + [(.sendFailed, .postpone), (.hungUp, .abandon), (.turnEnded, .wait)], .closed),
            Story(
                "sending a part fails and the answer ends before the turn",
                begin + [(.sendFailed, .postpone), (.answered, .close), (.turnEnded, .wait)], .closed),
            Story(
                "sending a part fails and the answer is broken off before the turn ends",
                begin + [(.sendFailed, .postpone), (.brokeOff, .close), (.turnEnded, .wait)], .closed),
            Story(
                "sending a complete answer fails",
                begin + [(.answeredInPart, .wait), (.sendFailed, .close)], .closed),
            Story(
                "the peer leaves before it has taken a complete answer",
                begin + [(.answeredInPart, .wait), (.hungUp, .close)], .closed),
            Story("the peer takes nothing of parts for too long", begin + [(.timedOut, .abandon)], .closed),
            Story(
                "the peer takes nothing of a complete answer for too long",
                begin + [(.answeredInPart, .wait), (.timedOut, .close)], .closed),
            Story("there is no deadline between requests", [(.timedOut, .wait)], .idle),
        ]

        private static let ends: [Story] = [
            Story("it is retired while it waits", [(.retired, .close)], .closed),
            Story("it is retired amid a request", [(.readable, .receive), (.part, nil), (.retired, .close)], .closed),
            Story(
                "it is retired while a request runs, and the answer is still sent",
                begin + [(.retired, .wait), (.answered, .wait), (.retired, .close)], .closed),
            Story(
                "it is retired before the socket has taken the answer, which is still sent",
                begin + [(.answeredInPart, .wait), (.retired, .wait), (.sent, .wait)], .idle),
            Story(
                "it is retired before the next request is received",
                begin + [(.readable, .wait), (.answered, .postpone), (.retired, .close)], .closed),
            Story(
                "events of a closed connection have no effect",
                [(.hungUp, .close), (.nothing, nil), (.part, nil), (.request, nil), (.queued, nil), (.unqueued, nil)]
                    + [
                        Event.readable, .writable, .hungUp, .failed, .receiveFailed, .answered, .answeredInPart, .sent,
                        .sendFailed, .brokeOff, .timedOut, .turnEnded, .retired,
                    ].map { ($0, .wait) }, .closed),
        ]

        @Test(
            "Each sequence of events gives its actions and its final state",
            arguments: requests + answers + departures + ends)
        func stories(_ story: Story) {
            var lifecycle = ConnectionLifecycle()
            for (event, action) in story.steps {
                #expect(event.happen(to: &lifecycle) == action, "\(event)")
            }
            #expect(lifecycle.state == story.end)
        }

        @Test("Its descriptor is edge-triggered, except where a turn does a bounded part of the work")
        func interest() {
            var lifecycle = ConnectionLifecycle()
            #expect(lifecycle.interest(hasUnsent: false) == [.readable, .edge])
            lifecycle.receivedPart()
            #expect(lifecycle.interest(hasUnsent: false) == .readable)
            lifecycle.queue()
            #expect(lifecycle.interest(hasUnsent: false) == [])
            lifecycle.leaveQueue()
            lifecycle.receivedRequest(isKept: true)
            #expect(lifecycle.interest(hasUnsent: false) == [.readable, .edge])
            #expect(lifecycle.interest(hasUnsent: true) == .writable)
            _ = lifecycle.answered(isSent: false)
            #expect(lifecycle.interest(hasUnsent: true) == .writable)
        }
    }
}
