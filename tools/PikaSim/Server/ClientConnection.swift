import NIOCore

/// An ordinary client's connection to P.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let core: ServerCore
    private var parser = RequestParser()
    private var isAuthenticated: Bool

    init(core: ServerCore) {
        self.core = core
        isAuthenticated = core.options.requirepass.isEmpty
    }

    func channelActive(context: ChannelHandlerContext) {
        core.statistics.clients += 1
        core.statistics.connections += 1
    }

    func channelInactive(context: ChannelHandlerContext) {
        core.statistics.clients -= 1
        core.slaves[ObjectIdentifier(context.channel)] = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        if core.slaves[ObjectIdentifier(context.channel)] == nil { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.feed(unwrapInboundIn(data).readableBytesView)
        var answer: Bytes = []
        do {
            while true {
                let step = parser.next()
                guard case .request(let arguments) = step else {
                    if step == .broken { context.close(promise: nil) }
                    break
                }
                core.statistics.commands += 1
                try reply(to: arguments, on: context.channel).append(to: &answer)
            }
            try core.flush()
        } catch {
            core.fail(error)
        }
        if !answer.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil) }
    }

    private func reply(to arguments: [Bytes], on channel: any Channel) throws(DiskError) -> Reply {
        let name = arguments[0].lowercased
        if name == Bytes("auth") { return authenticate(arguments) }
        let command = Command.table[name]
        guard command != nil || AdminCommand(rawValue: name.text) != nil else {
            return .error("Err unknown or unsupported command '\(name.text)'")
        }
        guard isAuthenticated else { return .error("ERR NOAUTH Authentication required.") }
        if let command { return try core.execute(command, arguments) }
        guard let command = AdminCommand(rawValue: name.text) else { return .syntaxError }
        return try core.administer(command, arguments, on: channel)
    }

    private func authenticate(_ arguments: [Bytes]) -> Reply {
        guard arguments.count == 2 else { return .wrongNumber(Bytes("auth")) }
        guard !core.options.requirepass.isEmpty else {
            return .error("ERR Client sent AUTH, but no password is set")
        }
        guard arguments[1] == Bytes(core.options.requirepass) else { return .error("ERR invalid password") }
        isAuthenticated = true
        return .ok
    }
}
