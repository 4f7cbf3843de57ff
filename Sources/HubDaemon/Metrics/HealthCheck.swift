/// What the metrics port answers to those who only want yes or no. Pure.
struct HealthCheck: Hashable, Sendable {
    var isGood: Bool
    /// One line for people.
    var text: String

    /// The process answers.
    static let alive = HealthCheck(isGood: true, text: "ok")

    /// Whether the group has a primary, as far as this hub knows.
    static func ready(_ info: HubInfo) -> HealthCheck {
        guard let leader = info.raft.leader else { return HealthCheck(isGood: false, text: "no primary") }
        return HealthCheck(isGood: true, text: "primary: hub \(leader)")
    }

    /// Whether no route lags more than `maximum` seconds. Only the primary knows; another hub says no, since what is
    /// not known is not good.
    static func lag(_ info: HubInfo, maximum: Double) -> HealthCheck {
        guard info.raft.role == .primary else {
            let primary = info.members.first { $0.id == info.raft.leader }
            let place = primary.map { "the primary is \($0.adminAddress ?? $0.raftAddress)" } ?? "there is no primary"
            return HealthCheck(isGood: false, text: "only the primary knows; \(place)")
        }
        let late = info.routes.filter { $0.lagSeconds > maximum }
        let texts = late.map { "\($0.source) -> \($0.destination): \(fixed($0.lagSeconds, places: 1)) s" }
        return HealthCheck(isGood: late.isEmpty, text: late.isEmpty ? "ok" : texts.joined(separator: "\n"))
    }
}
