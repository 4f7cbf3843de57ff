import ArgumentParser
import FoundationEssentials
import HubStore
import RaftLog

struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Lets a hub go on alone when the majority of its group is lost for good.",
        discussion: """
            The hub becomes a group of one, under a new group id, with everything that its log holds. What only the \
            lost hubs had is gone. Every other hub must never be started again with its old floyd-path: empty it, and \
            ADD the hub.
            """)

    @Argument(help: "The hub's working directory.", completion: .directory) var floydPath: String
    @Flag(help: "The only way there is; to be said so that nobody runs this by mistake.") var keepOnlyThisHub = false
    @OptionGroup var confirmation: ConfirmationOptions

    func validate() throws {
        if !keepOnlyThisHub { throw ValidationError("expected --keep-only-this-hub") }
    }

    func run() throws {
        var rescue = try Rescue(path: floydPath)
        let own = rescue.identity.hub
        guard var member = rescue.membership.member(own) else {
            throw InspectionError("hub \(own) is not a member of its group any more: it was removed, and cannot go on")
        }
        let others = rescue.membership.members.filter { $0.id != own }
        guard !others.isEmpty else {
            throw InspectionError("hub \(own) is a group of one already; nothing was changed")
        }
        try confirmation.confirm(
            """
            Hub \(own) (\(member.address)) goes on alone. These hubs are given up, with whatever only they know:
            \(others.map { "  \($0.id) \($0.address)" }.joined(separator: "\n"))
            None of them may ever be started again with its present floyd-path.
            """)
        let copy = try rescue.copy(now: Date())
        rescue.change { state in
            for hub in state.hubs.keys where hub != own { _ = state.apply(.removeHub(hub: hub)) }
        }
        member.role = .voter
        let identity = HubIdentity(
            hub: own, group: GroupID(.random(in: 1 ... .max)), incarnation: rescue.identity.incarnation)
        try rescue.write(identity: identity, membership: Membership([member]))
        print("hub \(own) is a group of one now (group \(identity.group)); the copy from before is \(copy)")
    }
}
