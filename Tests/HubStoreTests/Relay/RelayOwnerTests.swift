import HubStore
import Testing

/// Who may go on with a relay log.
@Suite struct RelayOwnerTests {
    private static let three = Generation(rawValue: 3)
    private let owner = RelayOwner(Self.primary(hub: 0xAB, since: 5), generation: three)

    private static func primary(hub: UInt64, since: UInt64) -> Primary {
        Primary(hub: HubID(hub), term: 7, since: since, adminAddress: Address(host: "h", port: 1))
    }

    @Test func itComesBackFromItsText() {
        #expect(RelayOwner(text: owner.text) == owner)
        #expect(RelayOwner(text: "ab 7")?.text == "ab 7")
        for text in ["", "ab", "ab x", "ab 7 x", "ab 7 1 2"] { #expect(RelayOwner(text: text) == nil) }
    }

    @Test(arguments: [(UInt64(0xAB), UInt64(7), true), (0xAC, 7, false), (0xAB, 8, false)])
    func onlyItsHubGoesOnAndOnlyWithoutABreak(_ hub: UInt64, _ since: UInt64, _ isContinued: Bool) {
        #expect(owner.isContinued(by: Self.primary(hub: hub, since: since), generation: Self.three) == isContinued)
    }

    /// A server was added and cut since, both while the same hub was primary.
    @Test func nobodyGoesOnWhenServersHaveChanged() throws {
        let primary = Self.primary(hub: 0xAB, since: 5)
        #expect(!owner.isContinued(by: primary, generation: Generation(rawValue: 4)))
        let old = try #require(RelayOwner(text: "ab 7"))
        #expect(old.isContinued(by: primary, generation: Generation(rawValue: 4)))
    }
}
