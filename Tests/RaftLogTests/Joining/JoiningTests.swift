import HubStore
import RaftLog
import Testing

/// How a hub with an empty `floyd-path` begins (`notes/raft.md`, bootstrap).
@Suite struct JoiningTests {
    private let addresses = (1...3).map { Address(host: "127.0.0.1", port: 9310 + $0) }
    private var joining: Joining

    init() {
        joining = Joining(own: addresses[0], addresses: addresses, incarnation: Incarnation(7))
    }

    @Test func theOnlyHubBeginsAtOnce() {
        let alone = Joining(own: addresses[0], addresses: [addresses[0]], incarnation: Incarnation(7))
        #expect(begins(alone.decision))
        #expect(!begins(joining.decision))
    }

    @Test mutating func aFreshMajorityBegins() {
        #expect(joining.take(.fresh, from: addresses[1]) == nil)
        joining.forget(addresses[2])
        #expect(begins(joining.decision))
    }

    @Test mutating func aHubThatDoesNotAnswerAnyMoreIsNotCounted() {
        #expect(joining.take(.fresh, from: addresses[1]) == nil)
        joining.forget(addresses[1])
        #expect(!begins(joining.decision))
    }

    /// Two of three lost their disks, and the third goes on alone: whoever of the two is asked first, they wait for ADD.
    @Test(arguments: [[1, 2], [2, 1]])
    mutating func besideAGroupThatLivesNoneIsBegun(order: [Int]) {
        for place in order {
            let answer = place == 1 ? HelloAnswer.fresh : .refusal(.notMember)
            #expect(joining.take(answer, from: addresses[place]) == nil)
        }
        #expect(!begins(joining.decision))
        joining.forget(addresses[2])
        #expect(!begins(joining.decision))
        let (group, hub) = (GroupID(5), HubID(6))
        let identity = HubIdentity(hub: hub, group: group, incarnation: Incarnation(7))
        #expect(
            joining.take(.adopt(group: group, hub: hub), from: addresses[2]) == .start(identity, Membership()))
    }

    @Test mutating func aLostDiskIsFinal() {
        #expect(joining.take(.refusal(.lostDisk), from: addresses[1]) == .refuse(.lostDisk))
    }

    private func begins(_ decision: Joining.Decision?) -> Bool {
        guard case .start(_, let membership)? = decision else { return false }
        return !membership.members.isEmpty
    }
}
