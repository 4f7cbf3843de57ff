/// What the clients of one register saw, and whether that can be: linearizability, decided exactly.
///
/// Every written value is different, so each read tells which write it saw, and the check needs no search (Gibbons and
/// Korach, "Testing Shared Memories", 1997, section 4). A write with its reads is a cluster. Between the first end and
/// the last begin of its operations the register must have held the cluster's value (a forward zone), unless all
/// overlap (a backward zone). The history is linearizable when no two forward zones overlap and no backward zone lies
/// within a forward one.
package struct RegisterHistory {
    private struct Cluster {
        /// When the write began; nil while only reads are known.
        var writeBegin: UInt64?
        var firstEnd = UInt64.max
        var lastBegin: UInt64 = 0
        var isRead = false
        var isAcknowledged = false
    }

    private var clusters: [UInt32: Cluster] = [0: Cluster(writeBegin: 0, firstEnd: 0, isRead: true)]

    package init() {}

    package mutating func beginWrite(_ value: UInt32, at time: UInt64) {
        var cluster = Cluster(writeBegin: time)
        cluster.lastBegin = time
        clusters[value] = cluster
    }

    package mutating func endWrite(_ value: UInt32, at time: UInt64) {
        guard var cluster = clusters[value] else { return }
        cluster.firstEnd = min(cluster.firstEnd, time)
        cluster.isAcknowledged = true
        clusters[value] = cluster
    }

    /// The write has certainly not been done.
    package mutating func dropWrite(_ value: UInt32) {
        guard clusters[value]?.isRead == false else { return }
        clusters[value] = nil
    }

    package mutating func read(_ value: UInt32, from begin: UInt64, to end: UInt64) {
        var cluster = clusters[value] ?? Cluster()
        cluster.firstEnd = min(cluster.firstEnd, end)
        cluster.lastBegin = max(cluster.lastBegin, begin)
        cluster.isRead = true
        clusters[value] = cluster
    }

    /// What is wrong; nil when nothing is.
    package func violation() -> String? {
        // A write of unknown outcome that nobody has seen may not have happened.
        let zones = clusters.filter { $0.value.isRead || $0.value.isAcknowledged }
        var forward: [(value: UInt32, from: UInt64, to: UInt64)] = []
        var backward: [(value: UInt32, from: UInt64, to: UInt64)] = []
        for (value, cluster) in zones {
            guard let writeBegin = cluster.writeBegin else { return "\(value) was read and never written" }
            guard cluster.firstEnd >= writeBegin else { return "\(value) was read before it was written" }
            if cluster.firstEnd < cluster.lastBegin {
                forward.append((value, cluster.firstEnd, cluster.lastBegin))
            } else {
                backward.append((value, cluster.lastBegin, cluster.firstEnd))
            }
        }
        forward.sort { ($0.from, $0.value) < ($1.from, $1.value) }
        for (earlier, later) in zip(forward, forward.dropFirst()) where later.from < earlier.to {
            return "\(earlier.value) and \(later.value) were both the current value "
                + "from \(later.from) to \(min(earlier.to, later.to))"
        }
        for zone in backward.sorted(by: { $0.value < $1.value }) {
            if let around = forward.first(where: { $0.from < zone.from && zone.to < $0.to }) {
                return "\(zone.value) was written from \(zone.from) to \(zone.to), "
                    + "but \(around.value) was the current value from \(around.from) to \(around.to)"
            }
        }
        return nil
    }
}
