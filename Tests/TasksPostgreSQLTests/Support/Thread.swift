import Glibc
import Testing

/// A thread that returns a number.
final class Thread {
    private final class Work: @unchecked Sendable {
        let body: @Sendable () -> Int
        var result = 0

        init(_ body: @escaping @Sendable () -> Int) { self.body = body }
    }

    private let work: Work
    private var handle = pthread_t()

    init(_ body: @escaping @Sendable () -> Int) throws {
        work = Work(body)
        let failure = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeUnretainedValue()
                work.result = work.body()
                return nil
            }, Unmanaged.passUnretained(work).toOpaque())
        try #require(failure == 0)
    }

    func join() -> Int {
        pthread_join(handle, nil)
        return work.result
    }
}
