import Testing

@testable import Operations

@Suite("Metrics for display")
struct SamplesTests {
    private static let text = """
        # HELP todo_requests_total Requests.
        # TYPE todo_requests_total counter
        todo_requests_total{route="list",status="200"} 90
        todo_requests_total{route="list",status="503"} 10
        todo_requests_total{route="read",status="200"} 5
        todo_t_bucket{le="0.001"} 50
        todo_t_bucket{le="0.01"} 90
        todo_t_bucket{le="+Inf"} 100
        todo_workers 2
        no number here
        """

    private let samples = Samples(Array(Self.text.utf8))

    @Test("The series with the given labels are summed")
    func sums() {
        #expect(samples.value("requests_total") == 105)
        #expect(samples.value("requests_total", ["route": "list"]) == 100)
        #expect(samples.value("requests_total", ["route": "list", "status": "503"]) == 10)
        #expect(samples.value("requests_total", ["route": "none"]) == nil)
        #expect(samples.value("workers") == 2)
        #expect(samples.values(of: "route", in: "requests_total") == ["list", "read"])
    }

    @Test(
        "A quantile is that of Prometheus",
        arguments: [(0.25, 0.0005), (0.5, 0.001), (0.7, 0.0055), (0.9, 0.01), (0.99, 0.01)])
    func quantile(share: Double, value: Double) throws {
        #expect(abs(try #require(samples.quantile(share, "t")) - value) < 1e-9)
    }

    @Test("Without observations there is no quantile, and only observations since the earlier time count")
    func since() throws {
        #expect(samples.quantile(0.5, "t", since: samples) == nil)
        let earlier = Samples(
            Array("todo_t_bucket{le=\"0.001\"} 50\ntodo_t_bucket{le=\"0.01\"} 50\ntodo_t_bucket{le=\"+Inf\"} 50".utf8))
        #expect(abs(try #require(samples.quantile(0.4, "t", since: earlier)) - 0.0055) < 1e-9)
    }

    @Test(
        "Numbers are formatted with few digits",
        arguments: [
            (StatusScreen.whole(1_234_567), "1,234,567"), (StatusScreen.whole(999), "999"),
            (StatusScreen.whole(0), "0"),
            (StatusScreen.decimal(1.25, 1), "1.3"), (StatusScreen.decimal(0.049, 2), "0.05"),
            (StatusScreen.decimal(7, 0), "7"),
            (StatusScreen.milliseconds(0.000_05), "0.05"), (StatusScreen.milliseconds(0.0123), "12.3"),
            (StatusScreen.milliseconds(2), "2000"),
        ])
    func numbers(text: String, expected: String) {
        #expect(text == expected)
    }
}
