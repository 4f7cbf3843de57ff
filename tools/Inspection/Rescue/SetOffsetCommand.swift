import ArgumentParser
import FoundationEssentials
import HubStore
import RaftLog

struct SetOffsetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-offset", abstract: "Writes down by hand what a destination has of a source.",
        discussion: """
            POSITION is FILE or FILE:OFFSET, as in a Pika's INFO log: every record before it counts as delivered, the \
            one that begins there is the next to be delivered. Too far ahead loses writes; too far back delivers \
            writes again.
            Only for a group of one: the hubs of a larger group would disagree afterwards.
            """)

    @Argument(help: "The hub's working directory.", completion: .directory) var floydPath: String
    @Argument(help: "The server id of the source.") var source: UInt32
    @Argument(help: "The server id of the destination.") var destination: UInt32
    @Argument(help: "FILE or FILE:OFFSET.") var position: Position
    @OptionGroup var confirmation: ConfirmationOptions

    struct Position: ExpressibleByArgument, CustomStringConvertible {
        var file: UInt32
        var offset: UInt64

        init?(argument: String) {
            let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, let file = UInt32(parts[0]), let offset = UInt64(parts.count == 2 ? parts[1] : "0")
            else { return nil }
            (self.file, self.offset) = (file, offset)
        }

        var description: String { "\(file):\(offset)" }
    }

    func validate() throws {
        if source == 0 || destination == 0 || source == destination {
            throw ValidationError("SOURCE and DESTINATION have to be two different server ids from 1 on")
        }
    }

    func run() throws {
        var rescue = try Rescue(path: floydPath)
        guard rescue.membership.members.count == 1 else {
            throw InspectionError(
                "this hub is one of \(rescue.membership.members.count): its state must be the same as that of the others. "
                    + "Run recover --keep-only-this-hub first, and ADD the others again with empty directories.")
        }
        let (from, to) = (ServerID(source), ServerID(destination))
        let unknown = [from, to].filter { rescue.state.servers[$0] == nil }
        let known = rescue.state.acknowledged(source: from, destination: to)
        var warning = "Destination \(to) has of source \(from): \(known.map { "\($0.newest)" } ?? "nothing known")"
        warning += " now, everything before \(position) then."
        if !unknown.isEmpty {
            warning +=
                "\nNo server here has the id \(unknown.map(\.description).joined(separator: " or ")) yet; the position"
                + " counts once it joins."
        }
        try confirmation.confirm(warning)
        let copy = try rescue.copy(now: Date())
        rescue.change {
            $0.setAcknowledged(source: from, destination: to, file: position.file, offset: position.offset)
        }
        try rescue.write(identity: rescue.identity, membership: rescue.membership)
        print("source \(from), destination \(to): \(position); the copy from before is \(copy)")
    }
}
