/// Holds up whoever guesses the admin password: once an address has given a wrong one, its next attempts wait for their
/// turns, one after another however many connections it has, and longer with each failure. Others are not held up.
/// Pure.
struct LoginThrottle: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Address {
        var failures = 0
        var lastFailure: Instant
        /// When the turn ends that was given last.
        var busyUntil: Instant
    }

    /// After so long without a failure an address is as good as new.
    static let forgetting = Duration.seconds(60)
    /// Attempts that would have to wait longer are refused at once, so that they don't pile up.
    static let longestWait = Duration.seconds(8)
    static let maximumAddresses = 4096

    private var addresses: [String: Address] = [:]

    /// How long an attempt has to wait before it is looked at; nil: it is refused.
    mutating func turn(of host: String, now: Instant) -> Duration? {
        guard var address = addresses[host] else { return .zero }
        guard now - address.lastFailure < Self.forgetting else {
            addresses[host] = nil
            return .zero
        }
        let delay = Duration.milliseconds(125 << min(address.failures, 5))
        let end = max(now, address.busyUntil) + delay
        guard end - now <= Self.longestWait else { return nil }
        address.busyUntil = end
        addresses[host] = address
        return end - now
    }

    mutating func ended(of host: String, isRight: Bool, now: Instant) {
        guard !isRight else {
            addresses[host] = nil
            return
        }
        if addresses.count >= Self.maximumAddresses, addresses[host] == nil { addresses = [:] }
        addresses[host, default: Address(lastFailure: now, busyUntil: now)].failures += 1
        addresses[host]?.lastFailure = now
    }
}
