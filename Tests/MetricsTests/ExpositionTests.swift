import Testing

@testable import Metrics

@Suite("Exposition")
struct ExpositionTests {
    let sample = Sample()

    @Test("Every family has its help and type once, and its series")
    func whole() throws {
        let ledger = try Ledger.unshared(sample.schema, version: "1.2.3", at: 77)
        ledger.add(3, to: sample.requests[0])
        ledger.set(sample.inFlight.only, to: 9)
        for value: UInt64 in [0, 1_000, 1_001, 3_000_000_000] { ledger.observe(value, in: sample.latency) }
        let text = Exposition(Snapshot(ledger), sample.schema, prefix: "t_", version: "1.2.3").text
        let expected = """
            # HELP t_requests_total Requests.
            # TYPE t_requests_total counter
            t_requests_total{route="list",status="200"} 3
            # HELP t_in_flight Now.
            # TYPE t_in_flight gauge
            t_in_flight{worker="0"} 9
            # HELP t_read_time_seconds Least.
            # TYPE t_read_time_seconds gauge
            # HELP t_connections Sum.
            # TYPE t_connections gauge
            t_connections 0
            # HELP t_latency_seconds Times.
            # TYPE t_latency_seconds histogram
            t_latency_seconds_bucket{le="0.000001"} 2
            t_latency_seconds_bucket{le="0.001"} 3
            t_latency_seconds_bucket{le="2"} 3
            t_latency_seconds_bucket{le="+Inf"} 4
            t_latency_seconds_sum 3.000002001
            t_latency_seconds_count 4

            """
        let all = String(decoding: text, as: UTF8.self)
        #expect(all.hasSuffix(expected))
        #expect(all.hasPrefix("# HELP t_build_info "))
        #expect(
            all.contains("\nt_build_info{version=\"1.2.3\"} 1\n") && all.contains("\nt_pool_start_time_seconds 77\n"))
        let lines = all.split(separator: "\n")
        for line in lines where line.hasPrefix("# TYPE") { #expect(lines.filter { $0 == line }.count == 1) }
    }

    @Test("The least of the workers' values is exposed, and no series if all are 0")
    func least() throws {
        let folder = Folder()
        let workers = try (0..<3).map { _ in try sample.claim(folder("m")) }
        #expect(sample.lines(Snapshot(workers[0]), "t_read_time_seconds").isEmpty)
        workers[1].set(sample.oldest.only, to: 50)
        workers[2].set(sample.oldest.only, to: 40)
        // A ledger without references is an ended worker's.
        withExtendedLifetime(workers) {
            #expect(sample.value(Snapshot(workers[0]), "t_read_time_seconds") == "40")
        }
    }

    @Test(
        "Nanoseconds are written as seconds without loss",
        arguments: [
            (0, "0"), (1, "0.000000001"), (1_500, "0.0000015"), (999_999_999, "0.999999999"), (1_000_000_000, "1"),
            (60_250_000_000, "60.25"), (UInt64.max, "18446744073.709551615"),
        ] as [(UInt64, String)])
    func seconds(value: UInt64, text: String) {
        #expect(String(decoding: Exposition.decimal(value, .nanoseconds), as: UTF8.self) == text)
    }

    @Test(
        "A value is in the bucket of the first bound that is not below it",
        arguments: [(0, 0), (1_000, 0), (1_001, 1), (1_000_000, 1), (2_000_000_000, 2), (2_000_000_001, 3), (.max, 3)]
            as [(UInt64, Int)])
    func buckets(value: UInt64, bucket: Int) {
        #expect(sample.latency.bucket(of: value) == bucket)
    }

    @Test("Bounds ascend in steps of 1, 2, 5")
    func steps() {
        #expect(Histograms.steps(from: 10, through: 1_000) == [10, 20, 50, 100, 200, 500, 1_000])
    }
}
