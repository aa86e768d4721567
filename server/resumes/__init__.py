"""Résumés: read in a limited process, taken apart with the place of each find, matched to what a job asks for."""
