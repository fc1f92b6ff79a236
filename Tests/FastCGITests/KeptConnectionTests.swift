import FastCGI
import Testing

extension FastCGITests {
    @Suite("Requests on a connection")
    struct KeptConnectionTests {
        @Test("A kept connection serves request after request, each with its own id")
        func kept() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            for number in 1...500 {
                peer.send(Call("GET", "/\(number)"))
                try bench.turn()
                try #require(peer.replies.count == number)
            }
            #expect(bench.recorder.received.map(\.target) == (1...500).map { "/\($0)" })
            #expect(Set(bench.recorder.received.map(\.id)).count == 500)
            #expect(Set(bench.recorder.received.map(\.id.slot)) == [0])
            #expect(peer.reader.isAtEnd && !peer.sawEnd)
            #expect(bench.server.connectionCount == 1)
        }

        @Test("A connection without keep-alive is closed after its answer")
        func notKept() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            peer.send(Call().last)
            try bench.turn()
            #expect(peer.replies.map(\.text) == ["Status: 204\r\n\r\n"])
            #expect(peer.sawEnd)
            #expect(bench.server.connectionCount == 0)
        }

        @Test("A kept connection is closed after a request without keep-alive")
        func lastOfSeveral() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            #expect(try bench.serves(peer))
            #expect(try bench.serves(peer, Call().last))
            #expect(peer.sawEnd)
        }

        @Test(
            "An answer comes back byte for byte, with the request's number and success",
            arguments: [0, 1, 8_191, 70_000])
        func answers(size: Int) throws {
            let bench = try Bench()
            let answer = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            bench.recorder.answer = answer
            let peer = try bench.connect()
            var call = Call()
            call.id = 0xABCD
            #expect(try bench.serves(peer, call))
            #expect(peer.replies == [Reply(output: answer, applicationStatus: 0, protocolStatus: 0)])
        }

        @Test("Parameters are found by their whole names, the first of two, and none after the answer")
        func parameters() throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            var connection: Connection<Recorder>?
            bench.recorder.observe = { connection = $0 }
            let long = String(repeating: "ä", count: 20_000)
            var call = Call("PATCH", "/x?y=z")
            call.parameters += [("EMPTY", ""), ("TWICE", "one"), ("TWICE", "two"), ("LONG", long), ("A=B", "c")]
            let peer = try bench.connect()
            peer.send(call)
            try bench.turn()
            let running = try #require(connection)
            #expect(running.text("REQUEST_URI") == "/x?y=z")
            #expect(running.text("EMPTY") == "")
            #expect(running.text("TWICE") == "one")
            #expect(running.text("LONG") == long)
            #expect(running.text("REQUEST") == nil && running.text("REQUEST_URI_") == nil && running.text("X") == nil)
            running.answer("Status: 204\r\n\r\n".utf8Span.span)
            #expect(running.text("REQUEST_URI") == nil)
        }

        @Test("A request that arrives in pieces is one request", arguments: [1, 2, 3, 7, 8, 9, 63])
        func pieces(size: Int) throws {
            let bench = try Bench()
            let peer = try bench.connect()
            let descriptor = peer.descriptor
            for round in 1...3 {
                let bytes = Call("POST", "/pieces", body: Array("{\"title\": \"in pieces\"}".utf8)).bytes
                let sender = TestThread { Wire.send(descriptor, bytes, inPiecesOf: size) }
                #expect(try bench.turn { peer.replies.count == round })
                sender.join()
            }
            #expect(bench.recorder.received.count == 3)
            for received in bench.recorder.received {
                #expect(received.target == "/pieces" && !received.isIncomplete)
                #expect(received.body == Array("{\"title\": \"in pieces\"}".utf8))
            }
        }

        @Test("A request that arrives while another runs is served after it, without waiting for a third")
        func behind() throws {
            let bench = try Bench(peerMilliseconds: 5_000)
            bench.recorder.answer = nil
            var running: [Connection<Recorder>] = []
            bench.recorder.observe = { running.append($0) }
            let peer = try bench.connect()
            peer.send(Call("GET", "/first"))
            try bench.turn()
            peer.send(Call("GET", "/second"))
            try bench.turn(2)
            #expect(bench.recorder.received.map(\.target) == ["/first"])

            running[0].answer("first".utf8Span.span)
            #expect(bench.recorder.received.count == 1, "the caller may still hold what the second would overwrite")
            #expect(running[0].text("REQUEST_URI") == nil)
            running[0].answer("first again".utf8Span.span)
            let took = try bench.milliseconds { try bench.turn() }
            #expect(bench.recorder.received.map(\.target) == ["/first", "/second"])
            running[1].answer("second".utf8Span.span)
            try bench.turn(2)
            #expect(peer.replies.map(\.text) == ["first", "second"])
            #expect(took < 2_500)
            bench.recorder.observe = nil
        }

        @Test("What arrives in two parts between an answer and its turn's end is read once")
        func twoParts() throws {
            let bench = try Bench(peerMilliseconds: 5_000)
            bench.recorder.answer = nil
            let peer = try bench.connect()
            peer.send(Call("GET", "/first"))
            try bench.turn()
            let next = Call("GET", "/second").bytes
            peer.send(Array(next.prefix(20)))
            try bench.turn()
            // The rest arrives with the event that answers, so that both are in one turn.
            peer.send(Array(next.dropFirst(20)))
            let first = try #require(bench.server.connection(running: bench.recorder.received[0].id))
            first.answer("first".utf8Span.span)
            bench.recorder.answer = Array("second".utf8)
            let took = try bench.milliseconds { try bench.turn(2) }
            #expect(peer.replies.map(\.text) == ["first", "second"])
            #expect(!peer.sawEnd)
            #expect(took < 2_500)
        }

        @Test("A web server that asks for the library's limits gets them, and its request is served")
        func values() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            let names = ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"].flatMap { Record.pair($0, "") }
            peer.send(Record.make(.getValues, names, id: 0) + Record.make(77, [], id: 0) + Call().bytes)
            try bench.turn()
            #expect(peer.replies.count == 1)
            let management = peer.reader.management
            try #require(management.count == 2)
            #expect(management[0].kind == Record.Kind.getValuesResult.rawValue)
            #expect(
                management[0].content
                    == [("FCGI_MAX_CONNS", "1"), ("FCGI_MAX_REQS", "1"), ("FCGI_MPXS_CONNS", "0")].flatMap {
                        Record.pair($0.0, $0.1)
                    })
            #expect(management[1].kind == Record.Kind.unknown.rawValue)
            #expect(management[1].content.first == 77)
            #expect(try bench.serves(peer))
        }

        @Test("A second request within the first is refused, since multiplexing is not supported; the first is served")
        func mixed() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            let call = Call("POST", "/", body: [1, 2, 3])
            peer.send(call.head + Record.begin(id: 2) + call.content + call.end)
            try bench.turn()
            #expect(peer.replies.map(\.protocolStatus) == [1, 0])
            #expect(bench.recorder.received.map(\.body) == [[1, 2, 3]])
            #expect(try bench.serves(peer))
        }
    }
}
