extension SegmentDictionary {
    /// Version 1: what the bodies of a payment's events have in common, rarest first. LZ4 finds what comes last most
    /// cheaply, and a repetition needs 4 bytes to count.
    ///
    /// Every segment carries its dictionary, so a later build may write another one.
    package static let builtIn = SegmentDictionary(Array(builtInFragments.joined().utf8))

    private static let builtInFragments: [String] = [
        // Errors: types, messages, the words of retries and timeouts.
        "CancellationError", "DecodingError", "EncodingError", "URLError", "TimeoutError", "ConnectionError",
        "ServiceUnavailable", "TooManyRequests", "NonDeterministicExecution", "SerdesError", "StepInterruptedError",
        "CallbackError", "CallbackTimeoutError", "CallbackHeartbeatTimeout", "InvokeError", "ChildContextError",
        "StepError", "Declined", "InsufficientFunds", "FraudSuspected", "GatewayError", "GatewayTimeout",
        "The operation could not be completed. ", "connection reset by peer", "connection refused",
        "the request timed out", "temporarily unavailable, try again later", "too many requests", "rate limit exceeded",
        "attempt failed, retrying in ", "retries exhausted after ", " attempts", "internal server error",
        "bad gateway", "service unavailable", "insufficient funds", "card declined", "do not honor", "expired card",
        "Callback timed out", "Execution timed out", "Callback.Timeout", "Callback.Heartbeat", "Execution.Stopped",
        "Execution.TimedOut", "Invocation.Crashed", "Invocation.TimedOut",
        // Operations: subtypes and usual names.
        "ParallelBranch", "MapIteration", "Parallel", "Map", "ChainedInvoke", "WaitForCondition", "WithRetry",
        "create callback id", "submitter", "settlement window", "idempotency", "inventory", "shipment", "reserve",
        "release", "compensate", "cancel", "void", "refund", "ledger", "receipt", "customer", "order", "invoice",
        "webhook", "e-mail", "notify", "settle", "settlement", "capture", "approval", "fraud check", "fraud-check",
        "authorise", "authorize", "charge", "payment", "pay", "validate", "$LATEST",
        // JSON with sorted keys, as the canonical serdes writes it.
        "\"2026-01-01T00:00:00.000Z\"", "\"createdAt\":\"2026-", "\"updatedAt\":\"2026-", "\"timestamp\":\"2026-",
        "T00:00:00.000Z\",\"", "\"expiresAt\":\"", "\"description\":\"", "\"metadata\":{\"", "\"address\":{\"city\":\"",
        "\"zip\":\"", "\"street\":\"", "\"country\":\"US\"", "\"country\":\"GB\"", "\"country\":\"FR\"",
        "\"country\":\"DE\"", "\"customerEmail\":\"", "\"customerID\":\"", "\"customer\":{\"email\":\"",
        "@example.com\",\"",
        "\"lines\":[{\"", "\"items\":[{\"", "\"quantity\":1,\"sku\":\"", "\"price\":", "\"tax\":", "\"total\":",
        "\"merchant\":\"", "\"cardToken\":\"tok_", "\"token\":\"tok_", "\"brand\":\"visa\"", "\"brand\":\"mastercard\"",
        "\"last4\":\"", "\"fraudScore\":0.", "\"riskScore\":0.", "\"score\":", "\"decision\":\"", "\"reason\":\"",
        "\"granted\":true", "\"granted\":false", "\"approved\":true", "\"approved\":false", "\"approvedBy\":\"",
        "\"by\":\"", "\"code\":\"", "\"error\":{\"", "\"message\":\"", "\"retryable\":true", "\"attempt\":1",
        "\"idempotencyKey\":\"", "\"reference\":\"", "\"transactionID\":\"", "\"transactionId\":\"txn_",
        "\"refundID\":\"", "\"captureID\":\"cap_", "\"captureId\":\"", "\"authorizationCode\":\"",
        "\"authorizationID\":\"auth_", "\"authorizationId\":\"", "\"paymentID\":\"pay_", "\"paymentId\":\"",
        "\"orderID\":\"order-0000", "\"orderId\":\"", "\"name\":\"", "\"type\":\"", "\"value\":", "null", "false",
        "true",
        "\"status\":\"pending\"", "\"status\":\"failed\"", "\"status\":\"declined\"", "\"status\":\"settled\"",
        "\"status\":\"refunded\"", "\"status\":\"succeeded\"", "\"status\":\"captured\"", "\"status\":\"authorized\"",
        "\"status\":\"approved\"", "\"status\":\"ok\"}", "\"currency\":\"CHF\"", "\"currency\":\"JPY\"",
        "\"currency\":\"GBP\"", "\"currency\":\"USD\"", "{\"amount\":10000,\"currency\":\"USD\",\"id\":\"",
        "{\"amount\":1250,\"currency\":\"EUR\",\"id\":\"order-000",
        // The commonest subtypes.
        "WaitForCallback", "RunInChildContext", "Callback", "Wait", "Step",
    ]
}
