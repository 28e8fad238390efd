/// A cache with a budget: what was used longest ago goes first. Every operation takes constant time.
struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Node: Sendable {
        var key: Key
        var value: Value
        var cost: Int
        /// Places of the neighbours; -1 at an end. `newer` leads to what was used later.
        var older: Int
        var newer: Int
    }

    let limit: Int
    private(set) var cost = 0
    private var places: [Key: Int] = [:]
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var oldest = -1
    private var newest = -1

    /// - Parameter limit: Of the costs of all values together.
    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { places.count }
    var keys: some Collection<Key> { places.keys }

    /// The value, which counts as used now.
    mutating func value(for key: Key) -> Value? {
        guard let place = places[key], let node = nodes[place] else { return nil }
        if place != newest {
            unlink(place)
            link(place)
        }
        return node.value
    }

    /// Keeps the value unless it alone is over the limit, and drops others until all are within it.
    mutating func insert(_ value: Value, for key: Key, cost added: Int) {
        remove(key)
        guard added <= limit else { return }
        while cost + added > limit, let last = nodes[oldest] { remove(last.key) }
        let place = free.popLast() ?? nodes.count
        let node = Node(key: key, value: value, cost: added, older: -1, newer: -1)
        if place == nodes.count { nodes.append(node) } else { nodes[place] = node }
        places[key] = place
        cost += added
        link(place)
    }

    mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key), let node = nodes[place] else { return }
        unlink(place)
        nodes[place] = nil
        free.append(place)
        cost -= node.cost
    }

    private mutating func link(_ place: Int) {
        nodes[place]?.older = newest
        nodes[place]?.newer = -1
        if newest >= 0 { nodes[newest]?.newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        guard let node = nodes[place] else { return }
        if node.older >= 0 { nodes[node.older]?.newer = node.newer } else { oldest = node.newer }
        if node.newer >= 0 { nodes[node.newer]?.older = node.older } else { newest = node.older }
    }
}
