/// First in, first out; taking from the front is as cheap as adding at the back.
public struct Queue<Element> {
    private var elements: ContiguousArray<Element?> = []
    private var head = 0

    /// Makes an empty queue.
    public init() {}

    /// How many elements wait.
    public var count: Int { elements.count - head }

    /// Whether none waits.
    public var isEmpty: Bool { count == 0 }

    /// The element that has waited longest.
    public var first: Element? { isEmpty ? nil : elements[head] }

    /// What is asked of the element that has waited longest, where it lies; nil where none waits.
    public func first<Value>(_ read: (borrowing Element) -> Value) -> Value? {
        guard !isEmpty else { return nil }
        return elements[head].map(read)
    }

    /// Adds an element at the back.
    public mutating func append(_ element: Element) {
        elements.append(element)
    }

    /// Takes the element that has waited longest.
    public mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: elements.capacity <= 4_096)
            head = 0
        } else if head >= 1_024, head * 2 >= elements.count {
            // Amortised: at least as many were taken as are moved now.
            elements.removeSubrange(..<head)
            head = 0
        }
        return element
    }

    /// Takes all elements, in order.
    public mutating func removeAll() -> [Element] {
        let all = elements[head...].compactMap { $0 }
        elements.removeAll()
        head = 0
        return all
    }

    /// Changes the waiting elements in place, in order.
    public mutating func updateEach(_ body: (inout Element) -> Void) {
        for index in head..<elements.count {
            guard var element = elements[index] else { continue }
            body(&element)
            elements[index] = element
        }
    }

    /// Changes the element that has waited longest.
    public mutating func updateFirst(_ body: (inout Element) -> Void) {
        guard !isEmpty, var element = elements[head].take() else { return }
        body(&element)
        elements[head] = element
    }

    /// Changes the element that was added last.
    public mutating func updateLast(_ body: (inout Element) -> Void) {
        guard !isEmpty, var element = elements[elements.count - 1].take() else { return }
        body(&element)
        elements[elements.count - 1] = element
    }
}
