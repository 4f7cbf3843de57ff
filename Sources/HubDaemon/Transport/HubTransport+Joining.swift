internal import HubStore
internal import Logging
internal import NIOCore
internal import NIOPosix
package import RaftLog

/// Finding out who this hub is, while its `floyd-path` is empty.
extension HubTransport {
    /// Asks the other hubs of `floyd-servers`, again and again, until it is certain how to begin (`Joining`).
    ///
    /// - Throws: `Refusal` when this hub may not take part; `CancellationError`.
    package func join(_ joining: Joining) async throws -> (HubIdentity, Membership) {
        var joining = joining
        let hello = Hello(incarnation: joining.incarnation, process: process, address: own)
        var decision = joining.decision
        while decision == nil {
            for address in joining.others where decision == nil {
                do {
                    let answer = try await ask(hello, at: address)
                    if case .refusal(let refusal) = answer {
                        note("does not let this one in: \(refusal)", at: address)
                    } else {
                        note(nil, at: address)
                    }
                    decision = joining.take(answer, from: address)
                } catch {
                    joining.forget(address)
                    let waits =
                        joining.memberOfAGroup == address
                        ? "; it belongs to a group, whose ADD this hub waits for: to begin another one, start it anew"
                        : ""
                    note("cannot be asked: \(error)\(waits)", at: address)
                }
            }
            decision = decision ?? joining.decision
            if decision == nil { try await Task.sleep(for: .milliseconds(100)) }
        }
        for address in joining.others { note(nil, at: address) }
        switch decision {
        case .start(let identity, let membership)?: return (identity, membership)
        case .refuse(let refusal)?: throw JoiningFailure.refused(refusal)
        case nil: preconditionFailure("joining ended without a decision")
        }
    }

    /// Introduces a member to the hub at `address`, and returns what that one says.
    func greet(_ address: Address, as identity: HubIdentity) async throws -> HelloAnswer {
        try await ask(Hello(identity: identity, process: process, address: own), at: address)
    }

    private func ask(_ hello: Hello, at address: Address) async throws -> HelloAnswer {
        let answer = loop.makePromise(of: HelloAnswer.self)
        do {
            let channel = try await ClientBootstrap(group: loop)
                .connectTimeout(.seconds(1))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            HubFrameReader(), HelloAsker(answer: answer))
                    }
                }
                .connect(host: address.host, port: address.port).get()
            loop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
            var buffer = ByteBuffer()
            HubFrame.write(to: &buffer) { writer in writer.put(1) { hello.encode(to: &$0) } }
            try await channel.writeAndFlush(buffer)
        } catch {
            answer.fail(error)
        }
        return try await answer.futureResult.get()
    }
}

/// Why a hub cannot join its group.
enum JoiningFailure: Error, CustomStringConvertible {
    case refused(Refusal)
    case noAnswer

    var description: String {
        switch self {
        case .refused(let refusal): "\(refusal)"
        case .noAnswer: "the connection ended without an answer"
        }
    }
}

/// Waits for the answer to a `Hello`.
private final class HelloAsker: ChannelInboundHandler {
    typealias InboundIn = [HubFrame]

    private let answer: EventLoopPromise<HelloAnswer>

    init(answer: EventLoopPromise<HelloAnswer>) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let found = unwrapInboundIn(data).lazy.compactMap(\.answer).first else { return }
        answer.succeed(found)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { answer.fail(JoiningFailure.noAnswer) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}
