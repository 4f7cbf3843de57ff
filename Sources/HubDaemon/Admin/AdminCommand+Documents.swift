extension AdminCommand {
    /// COMMAND and its subcommands, in the forms that redis-cli reads.
    static let describeCommands: Handler = { _, _, arguments in
        let names = arguments.dropFirst().map(\.text)
        let chosen = names.isEmpty ? all : names.compactMap(named)
        switch arguments.first?.text.lowercased() {
        case nil: return .array(all.map(\.tableRow))
        case "count" where names.isEmpty: return .integer(all.count)
        case "list" where names.isEmpty: return .array(all.map { .text($0.name) })
        case "info": return .array(names.isEmpty ? all.map(\.tableRow) : names.map { named($0)?.tableRow ?? .null })
        case "docs": return .map(chosen.map { .init($0.name, $0.documentation) })
        default: return .failure("unknown subcommand or wrong number of arguments for 'command' command")
        }
    }

    /// Name, arity (negative: at least), flags, first key, last key, step.
    private var tableRow: RESPReply {
        let least = minimumArguments + 1
        let flags = ["admin", "noscript"] + (isOpen ? ["no_auth"] : [])
        return .array([
            .text(name), .integer(maximumArguments == minimumArguments ? least : -least),
            .array(flags.map(RESPReply.simple)), .integer(0), .integer(0), .integer(0),
        ])
    }

    private var documentation: RESPReply {
        let arguments = arguments.map { argument in
            var fields: [RESPReply.Field] = [
                .init("name", .text(argument.name)), .init("type", .text("string")),
                .init("display_text", .text(argument.name)),
            ]
            switch argument.count {
            case .one: break
            case .optional: fields.append(.init("flags", .array([.simple("optional")])))
            case .any: fields.append(.init("flags", .array([.simple("optional"), .simple("multiple")])))
            }
            return RESPReply.map(fields)
        }
        return .map([
            .init("summary", .text(summary)), .init("since", .text(HubVersion.current)),
            .init("group", .text(group.rawValue)), .init("arguments", .array(arguments)),
        ])
    }

    /// The commands as a Markdown table, for the README.
    static var markdown: String {
        let rows = all.map { command in
            let syntax = command.syntax.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
            return "| `\(syntax)` | \(command.summary) |"
        }
        return (["| command | does |", "|---|---|"] + rows).joined(separator: "\n")
    }
}
