"""The API that HR systems call: `/api/v1`. An operation's declaration is its route, its checks and its document."""
