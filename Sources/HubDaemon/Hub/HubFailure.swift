internal import HubStore
internal import RaftLog

/// Why a hub cannot start, or cannot go on.
enum HubFailure: Error, CustomStringConvertible {
    /// - Parameter use: who connects there, and which setting says so.
    case cannotListen(Address, use: String, String)
    /// Another hub of the group does not let this one in, and never will.
    case refused(Refusal)

    var description: String {
        switch self {
        case .cannotListen(let address, let use, let text): "cannot listen on \(address), \(use): \(text)"
        case .refused(let refusal): "\(refusal)"
        }
    }
}
