import HubStore
import Testing

/// Who may go on with a relay log.
@Suite struct RelayOwnerTests {
    private let primary = Primary(hub: HubID(0xAB), term: 7, since: 5, adminAddress: Address(host: "h", port: 1))
    private let generations = [ServerID(1): Generation(rawValue: 3), ServerID(2): Generation(rawValue: 4)]

    @Test func itComesBackFromItsText() throws {
        let owner = RelayOwner(primary, generations: generations)
        #expect(RelayOwner(text: owner.text) == owner)
        #expect(RelayOwner(text: "ab 7")?.generations == [:])
        for text in ["", "ab", "ab x", "ab 7 1", "ab 7 1=x"] { #expect(RelayOwner(text: text) == nil) }
    }

    /// Server 1 was transferred, or its binlog was cut.
    @Test(arguments: [
        ([UInt32(1): UInt64(3), 2: 4], true), ([1: 3], true), ([1: 3, 2: 4, 5: 9], true), ([1: 8, 2: 4], false),
    ])
    func onlyThoseOfTheSameServersGoOn(_ now: [UInt32: UInt64], _ isContinued: Bool) {
        let owner = RelayOwner(primary, generations: generations)
        let pairs = now.map { (ServerID($0.key), Generation(rawValue: $0.value)) }
        #expect(owner.isContinued(by: primary, generations: Dictionary(uniqueKeysWithValues: pairs)) == isContinued)
    }

    @Test func onlyItsHubGoesOnAndOnlyWithoutABreak() {
        let owner = RelayOwner(primary, generations: [:])
        func later(hub: UInt64, since: UInt64) -> Primary {
            Primary(hub: HubID(hub), term: 9, since: since, adminAddress: Address(host: "h", port: 1))
        }
        #expect(owner.isContinued(by: later(hub: 0xAB, since: 7), generations: [:]))
        #expect(!owner.isContinued(by: later(hub: 0xAC, since: 7), generations: [:]))
        #expect(!owner.isContinued(by: later(hub: 0xAB, since: 8), generations: [:]))
    }
}
