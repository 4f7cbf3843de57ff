/// One TCP connection between a hub and a Pika: in order, delayed at random, and with what a break does to it. What was
/// sent when it breaks is gone, and neither side can tell how much of it had arrived.
final class Wire {
    enum Side: Int {
        /// Who dialled.
        case near
        case far

        var other: Side { self == .near ? .far : .near }
    }

    private let world: World
    private var isOpen = [true, true]
    private var isBroken = false
    private var arrival = [0.0, 0.0]
    private var receivers: [(([UInt8]) -> Void)?] = [nil, nil]
    private var enders: [((String) -> Void)?] = [nil, nil]

    init(world: World) { self.world = world }

    /// What a side does with bytes, and with the end of the connection when the other side or the network causes it.
    func attach(_ side: Side, received: @escaping ([UInt8]) -> Void, ended: @escaping (String) -> Void) {
        receivers[side.rawValue] = received
        enders[side.rawValue] = ended
    }

    func isOpen(_ side: Side) -> Bool { isOpen[side.rawValue] }

    func send(_ bytes: [UInt8], from side: Side) {
        guard isOpen(side), !isBroken else { return }
        let other = side.other
        world.timeline.at(nextArrival(at: other)) { [self] in
            guard !isBroken, isOpen(other) else { return }
            receivers[other.rawValue]?(bytes)
        }
    }

    /// An orderly end: the other side still gets what was sent before.
    func close(_ side: Side) {
        guard isOpen(side) else { return }
        shut(side)
        guard !isBroken else { return }
        let other = side.other
        world.timeline.at(nextArrival(at: other)) { [self] in end(other, "closed by the other side") }
    }

    /// Loses what is under way. Each side notices after its own time.
    func breakOff(near: Double, far: Double) {
        guard !isBroken else { return }
        isBroken = true
        world.timeline.after(near) { [self] in end(.near, "reset") }
        world.timeline.after(far) { [self] in end(.far, "reset") }
    }

    /// What is sent before then arrives then, in its order, as a network brings it that was cut in between.
    func stall(until end: Double) { arrival = arrival.map { max($0, end) } }

    /// Nothing arrives any more, and nobody knows.
    func lose() { isBroken = true }

    /// Both sides notice now.
    func reset() {
        isBroken = true
        end(.near, "reset")
        end(.far, "reset")
    }

    private func end(_ side: Side, _ reason: String) {
        guard isOpen(side) else { return }
        let ended = enders[side.rawValue]
        shut(side)
        ended?(reason)
    }

    private func shut(_ side: Side) {
        isOpen[side.rawValue] = false
        receivers[side.rawValue] = nil
        enders[side.rawValue] = nil
    }

    private func nextArrival(at side: Side) -> Double {
        let time = max(arrival[side.rawValue], world.timeline.now + world.linkDelay())
        arrival[side.rawValue] = time
        return time
    }
}
