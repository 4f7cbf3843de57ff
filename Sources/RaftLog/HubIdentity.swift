public import HubStore

/// Who a hub is, written into its `floyd-path` when it first starts and never changed.
public struct HubIdentity: Hashable, Sendable {
    public let hub: HubID
    public let group: GroupID
    public let incarnation: Incarnation

    public init(hub: HubID, group: GroupID, incarnation: Incarnation) {
        self.hub = hub
        self.group = group
        self.incarnation = incarnation
    }

    /// The identity and first membership of a hub that begins a group together with the others in `addresses`. Each
    /// of them comes to the same group and membership by itself, from the list alone, in whatever order it has it.
    /// Nil when `own` is not in the list: such a hub waits to be added.
    ///
    /// - Parameter incarnation: drawn at random by the caller, not 0.
    public static func founding(
        _ addresses: [Address], own: Address, incarnation: Incarnation
    ) -> (identity: HubIdentity, membership: Membership)? {
        guard addresses.contains(own) else { return nil }
        let names = Set(addresses.map(\.description)).sorted()
        let group = GroupID(hash(names.joined(separator: ",")))
        let members = Set(addresses).map { Member(id: hubID(at: $0), address: $0) }
        return (HubIdentity(hub: hubID(at: own), group: group, incarnation: incarnation), Membership(members))
    }

    private static func hubID(at address: Address) -> HubID { HubID(hash(address.description)) }

    /// FNV-1a, 64 bits; never 0.
    private static func hash(_ text: String) -> UInt64 {
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return max(hash, 1)
    }
}
