import Testing

@testable import HubDaemon

@Suite struct LoginThrottleTests {
    private let start = ContinuousClock.now
    private var throttle = LoginThrottle()

    @Test mutating func whoHasNotFailedDoesNotWait() {
        for _ in 0..<100 { #expect(throttle.turn(of: "a", now: start) == .zero) }
        throttle.ended(of: "b", isRight: false, now: start)
        #expect(throttle.turn(of: "a", now: start) == .zero)
    }

    @Test mutating func eachFailureMakesTheWaitLonger() {
        var waits: [Duration?] = []
        var now = start
        for _ in 0..<7 {
            throttle.ended(of: "a", isRight: false, now: now)
            let wait = throttle.turn(of: "a", now: now)
            waits.append(wait)
            now += wait ?? .zero
        }
        let expected = [250, 500, 1000, 2000, 4000, 4000, 4000]
        #expect(waits == expected.map { Duration.milliseconds($0) })
        throttle.ended(of: "a", isRight: true, now: now)
        #expect(throttle.turn(of: "a", now: now) == .zero)
    }

    /// Many connections at once guess no faster than one.
    @Test mutating func attemptsOfOneAddressWaitForEachOther() {
        throttle.ended(of: "a", isRight: false, now: start)
        var waits: [Duration] = []
        for _ in 0..<100 { if let wait = throttle.turn(of: "a", now: start) { waits.append(wait) } }
        #expect(waits == (1...32).map { .milliseconds(250 * $0) }, "the rest is refused")
        #expect(throttle.turn(of: "a", now: start + .seconds(8)) == .milliseconds(250))
    }

    @Test mutating func failuresAreForgotten() {
        throttle.ended(of: "a", isRight: false, now: start)
        #expect(throttle.turn(of: "a", now: start + .seconds(59)) == .milliseconds(250))
        #expect(throttle.turn(of: "a", now: start + .seconds(60)) == .zero)
    }

    @Test mutating func addressesAreBounded() {
        for number in 0...LoginThrottle.maximumAddresses {
            throttle.ended(of: "\(number)", isRight: false, now: start)
        }
        #expect(throttle.turn(of: "0", now: start) == .zero)
        #expect(throttle.turn(of: "\(LoginThrottle.maximumAddresses)", now: start) == .milliseconds(250))
    }
}
