/// Virtual time, and what is to happen in it. Things of the same moment happen in the order in which they were planned.
final class Timeline {
    private struct Item {
        var time: Double
        var order: UInt64
        var body: () -> Void
    }

    /// Seconds since the run began.
    private(set) var now = 0.0
    private var order: UInt64 = 0
    /// A binary heap, the next thing first.
    private var items: [Item] = []

    func after(_ seconds: Double, _ body: @escaping () -> Void) { at(now + seconds, body) }

    /// - Parameter time: no earlier than `now`.
    func at(_ time: Double, _ body: @escaping () -> Void) {
        order += 1
        items.append(Item(time: time, order: order, body: body))
        var index = items.count - 1
        while index > 0, isBefore(index, (index - 1) / 2) {
            items.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Lets everything happen that is planned up to `time`.
    func run(until time: Double) {
        while let next = items.first, next.time <= time {
            items.swapAt(0, items.count - 1)
            items.removeLast()
            siftDown()
            now = next.time
            next.body()
        }
        now = max(now, time)
    }

    private func siftDown() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < items.count && isBefore(child, least) {
                least = child
            }
            if least == index { return }
            items.swapAt(index, least)
            index = least
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (items[left].time, items[left].order) < (items[right].time, items[right].order)
    }
}
