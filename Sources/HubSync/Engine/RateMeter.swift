/// How fast a counter grows, from samples about a second apart.
struct RateMeter: Equatable, Sendable {
    private(set) var perSecond = 0.0
    private var lastCount: UInt64 = 0
    /// Nil before the first sample.
    private var lastTime: Double?

    mutating func sample(_ count: UInt64, now: Double) {
        if let lastTime, now > lastTime { perSecond = Double(count &- lastCount) / (now - lastTime) }
        (lastCount, lastTime) = (count, now)
    }
}

/// What one destination has acknowledged of one source since the hub became primary.
struct RouteCounter: Equatable, Sendable {
    var records: UInt64 = 0
    var bytes: UInt64 = 0
    private(set) var recordRate = RateMeter()
    private(set) var byteRate = RateMeter()

    mutating func sample(now: Double) {
        recordRate.sample(records, now: now)
        byteRate.sample(bytes, now: now)
    }
}
