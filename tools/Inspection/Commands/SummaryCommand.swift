import ArgumentParser
import HubStore
import RaftLog

struct SummaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary", abstract: "Says in a few lines whose directory it is and what it holds.")

    @OptionGroup var options: DirectoryOptions

    func run() throws { try options.show(SummaryReport(options.read())) }
}

struct SummaryReport: Report {
    struct Log: Encodable {
        var hub, group, incarnation: String?
        var term: UInt64
        var vote: String?
        var firstIndex, lastIndex, commit: UInt64
        var members: [MemberRow]
        /// A snapshot that came from another hub and is not taken in yet.
        var hasUnrestoredSnapshot: Bool
    }

    struct State: Encodable {
        var appliedIndex: UInt64
        var hubs, servers, suspects: Int
        var primary: PrimaryRow?
    }

    struct Relay: Encodable {
        var firstChunk, nextChunk: UInt64
        var chunks: Int
        var bytesOnDisk: Int
        var owner: String
        var suspects: Int
    }

    var path: String
    var layoutVersion = FloydPath.version
    var pid: Int32?
    var log: Log?
    var state: State?
    var relay: Relay?
    /// What cannot be read, and why.
    var unreadable: [String] = []

    init(_ contents: FloydContents) {
        path = contents.directory.path
        pid = contents.owner
        if case .content(let stored) = contents.log {
            do throws(RaftStorageError) { log = try Log(stored) } catch { unreadable.append("\(error)") }
        }
        if case .content(let saved) = contents.state {
            state = State(
                appliedIndex: saved.appliedIndex, hubs: saved.state.hubs.count, servers: saved.state.servers.count,
                suspects: saved.state.suspects.count, primary: saved.state.primary.map(PrimaryRow.init))
        }
        if case .content(let store) = contents.relay {
            relay = Relay(
                firstChunk: store.first.rawValue, nextChunk: store.next.rawValue,
                chunks: Int(clamping: store.next.rawValue - store.first.rawValue),
                bytesOnDisk: Int(clamping: store.bytesOnDisk),
                owner: store.owner, suspects: store.suspects.count)
        }
        let texts = [contents.log.unreadableText, contents.state.unreadableText, contents.relay.unreadableText]
        unreadable += texts.compactMap(\.self)
    }

    var text: String {
        var rows = [["floyd-path", "\(path), layout \(layoutVersion)\(pid.map { ", in use by pid \($0)" } ?? "")"]]
        if let log {
            rows.append(["hub", "\(log.hub ?? "none yet"), group \(log.group ?? "none yet")"])
            rows.append(["log", "\(log.firstIndex)–\(log.lastIndex), committed \(log.commit)"])
            rows.append(["term", "\(log.term), vote \(log.vote ?? "none")"])
            for member in log.members { rows.append(["member", "\(member.id)  \(member.address)  \(member.role)"]) }
            if log.hasUnrestoredSnapshot { rows.append(["snapshot", "installed, not taken in yet"]) }
        }
        if let state {
            rows.append([
                "state",
                "applied \(state.appliedIndex), \(count(state.servers, "server")), \(count(state.hubs, "hub")), "
                    + "\(count(state.suspects, "pending repair"))",
            ])
            rows.append(["primary", state.primary?.text ?? "none yet"])
        }
        if let relay {
            rows.append([
                "relay",
                "\(count(relay.chunks, "chunk")), next \(relay.nextChunk), \(readable(bytes: relay.bytesOnDisk)), "
                    + "of primary \(relay.owner.isEmpty ? "none yet" : relay.owner), "
                    + "\(count(relay.suspects, "pending repair"))",
            ])
        }
        for reason in unreadable { rows.append(["unreadable", reason]) }
        return columns(rows)
    }
}

extension SummaryReport.Log {
    init(_ stored: StoredLog) throws(RaftStorageError) {
        hub = stored.identity?.hub.description
        group = stored.identity?.group.description
        incarnation = stored.identity?.incarnation.description
        term = stored.hardState.term.rawValue
        vote = stored.hardState.vote?.description
        commit = stored.hardState.commit.rawValue
        let ends = try LogEnds(stored)
        firstIndex = stored.base.index.rawValue + 1
        lastIndex = ends.last.rawValue
        members = ends.membership.members.map(MemberRow.init)
        hasUnrestoredSnapshot = stored.unrestored != nil
    }
}

/// Where a log ends, and the membership as of its end.
struct LogEnds {
    var last: LogIndex
    var membership: Membership

    init(_ stored: StoredLog) throws(RaftStorageError) {
        var (last, membership) = (stored.base.index, stored.base.membership)
        try stored.forEachEntry(from: stored.base.index.next) { index, entry in
            last = index
            if case .success(let entry) = entry, case .membership(let newer) = entry.payload { membership = newer }
            return true
        }
        (self.last, self.membership) = (last, membership)
    }
}

struct MemberRow: Encodable {
    var id, address, role: String
    var incarnation: String?

    init(_ member: Member) {
        id = "\(member.id)"
        address = "\(member.address)"
        role = "\(member.role)"
        incarnation = member.incarnation?.description
    }
}

struct PrimaryRow: Encodable {
    var hub, adminAddress: String
    var term: UInt64
    var hasStopped: Bool

    init(_ primary: Primary) {
        hub = "\(primary.hub)"
        adminAddress = "\(primary.adminAddress)"
        term = primary.term
        hasStopped = primary.hasStopped
    }

    var text: String {
        "hub \(hub) in term \(term), admin port \(adminAddress)\(hasStopped ? ", stopped cleanly" : "")"
    }
}
