// A Worker that is nothing but its static assets, for tests/contract/test_assets.py.
export default { fetch: (request, env) => env.ASSETS.fetch(request) };
