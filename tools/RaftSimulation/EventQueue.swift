/// Events in order of time; those of the same time in the order in which they were added.
struct EventQueue<Event> {
    private struct Slot {
        let time: UInt64
        let number: UInt64
        let event: Event
    }

    /// A binary heap: every slot comes before the two at twice its place plus one and two.
    private var slots: [Slot] = []
    private var nextNumber: UInt64 = 0

    var isEmpty: Bool { slots.isEmpty }

    mutating func add(_ event: Event, at time: UInt64) {
        slots.append(Slot(time: time, number: nextNumber, event: event))
        nextNumber += 1
        var place = slots.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard comesBefore(place, parent) else { break }
            slots.swapAt(place, parent)
            place = parent
        }
    }

    mutating func next() -> (time: UInt64, event: Event)? {
        guard !slots.isEmpty else { return nil }
        slots.swapAt(0, slots.count - 1)
        let first = slots.removeLast()
        var place = 0
        while true {
            var least = place
            let child = 2 * place + 1
            if child < slots.count, comesBefore(child, least) { least = child }
            if child + 1 < slots.count, comesBefore(child + 1, least) { least = child + 1 }
            guard least != place else { break }
            slots.swapAt(place, least)
            place = least
        }
        return (first.time, first.event)
    }

    private func comesBefore(_ left: Int, _ right: Int) -> Bool {
        (slots[left].time, slots[left].number) < (slots[right].time, slots[right].number)
    }
}
