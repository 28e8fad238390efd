/// A binary heap whose first element is its least.
struct MinHeap<Element: Comparable & Sendable>: Sendable {
    /// Each element is no greater than its ``children(of:)``.
    private(set) var elements: [Element] = []

    var first: Element? { elements.first }

    func children(of index: Int) -> Range<Int> {
        min(2 * index + 1, elements.count)..<min(2 * index + 3, elements.count)
    }

    mutating func add(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { break }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    mutating func popFirst() -> Element? {
        guard let first = elements.first else { return nil }
        elements.swapAt(0, elements.count - 1)
        elements.removeLast()
        siftDown()
        return first
    }

    /// Puts another element in the first one's place, and from there where it belongs.
    mutating func replaceFirst(with element: Element) {
        elements[0] = element
        siftDown()
    }

    private mutating func siftDown() {
        var parent = 0
        while let least = children(of: parent).min(by: { elements[$0] < elements[$1] }),
            elements[least] < elements[parent]
        {
            elements.swapAt(parent, least)
            parent = least
        }
    }
}
